package pool

import (
	"cmp"
	"slices"
	"sync"

	"github.com/ldcorn/ldcorn/engine/plan"
)

// Limits are the limits that pools share, by name. A limit lives across
// reloads: requests that a removed group has in hand still count. The zero
// Limits is ready to use. It is safe for concurrent use.
//
// A pool that has limits needs a ticket for each slot that it hands out. A
// ticket is one unit of each of its limits: a pool gets all of them or none, so
// no pool holds one while it waits for another. If there is none, the pool
// waits in the ring. Whatever frees a unit gives it to the first pool of the
// ring that can use it, which goes to the end if more of its requests wait, and
// no newcomer can take it. A pool that cannot use its ticket after all, because
// its workers are busy, passes it on.
//
// The invariant of a pool becomes that no slot is free that a request in its
// queue could take with the limits. It holds once the tickets are used, which
// is after the lock of the pool that has freed a unit was given up.
type Limits struct {
	mu     sync.Mutex // guards all fields, and those of limit and share; no pool's mu is locked while it is held
	byName map[string]*limit
	ring   []*share // the pools that wait for a ticket, in the order of their turns
	told   []*share // those that got a ticket and may not know it
}

// A limit is one of Limits.
type limit struct {
	name string
	size int
	used int // requests and tunnels in flight, and tickets
	kept int // units that allocate keeps for pools in the ring; 0 otherwise

	named  bool // by the latest plan
	shares int  // that point to it
}

// A share is the part that a pool has in its limits.
type share struct {
	pool    *Pool
	limits  []*limit // by name; replaced, never modified; also guarded by the pool's mu
	tickets int      // not used yet
	waits   bool     // it is in the ring
	waiting int      // requests that waited in the pool when it last asked for a ticket
	passed  int      // how often others got a unit that the pool could have used with another one

	// Guarded by the pool's mu:
	stake *stake   // of the requests that get a slot now
	older []*stake // of those that got theirs with other limits
}

// A stake is what each of some requests and tunnels in flight has of the limits.
// They give that back, whatever limits their pool has by then.
type stake struct {
	limits []*limit // replaced, never modified
	n      int      // requests and tunnels
}

// maxSkipped is how often a pool that needs several limits is passed over while
// one of them is free and another is not. After that, the free ones are kept for
// it, in the order of their names: so two such pools never keep what the other
// needs.
const maxSkipped = 9

// set returns the limits with some names, the known ones with the sizes that
// they have.
func (ls *Limits) set(want []plan.Limit) []*limit {
	var out []*limit
	for _, l := range want {
		known := ls.byName[l.Name]
		if known == nil {
			if ls.byName == nil {
				ls.byName = make(map[string]*limit)
			}
			known = &limit{name: l.Name, size: l.Size}
			ls.byName[l.Name] = known
		}
		out = append(out, known)
	}
	slices.SortFunc(out, func(a, b *limit) int { return cmp.Compare(a.name, b.name) })
	return out
}

// Configure applies the sizes of the limits of a plan. With a larger size,
// waiting requests proceed at once; with a smaller size, no request gets a slot
// until fewer are in hand.
func (ls *Limits) Configure(p *plan.Plan) {
	ls.mu.Lock()
	named := make(map[string]bool)
	for _, g := range p.Groups {
		for _, l := range g.Limits {
			ls.set([]plan.Limit{l})[0].size = l.Size
			named[l.Name] = true
		}
	}
	for name, l := range ls.byName {
		l.named = named[name]
		ls.forgetUnused(l)
	}
	ls.allocate()
	ls.mu.Unlock()
	ls.serve()
}

// forgetUnused forgets a limit that neither the plan nor a pool has, nor a
// request in flight: then there is nothing that its name, in another plan, would
// have to be the same limit for.
func (ls *Limits) forgetUnused(l *limit) {
	if l.used == 0 && l.shares == 0 && !l.named {
		delete(ls.byName, l.name)
	}
}

// change makes a share one of other limits. The requests in flight of its pool
// count for these from now on, and still for those that they have. Like giveBack
// and leave, it reports whether a pool got a ticket that it may not know of, so
// that serve must be called.
func (ls *Limits) change(s *share, want []plan.Limit) bool {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	ls.drop(s)
	before := s.limits
	s.limits = ls.set(want)
	s.restake()
	for _, l := range s.limits {
		l.shares++
	}
	for _, l := range before {
		l.shares--
		ls.forgetUnused(l)
	}
	ls.allocate()
	return len(ls.told) > 0
}

// restake makes the requests in flight count for the share's limits as well, and
// those that get a slot from now on count for these only.
func (s *share) restake() {
	if s.stake != nil {
		s.older = append(s.older, s.stake)
	}
	s.older = slices.DeleteFunc(s.older, func(st *stake) bool { return st.n == 0 })
	for _, st := range s.older {
		for _, l := range s.limits {
			if !slices.Contains(st.limits, l) {
				l.used += st.n
				st.limits = append(slices.Clone(st.limits), l)
			}
		}
	}
	s.stake = &stake{limits: s.limits}
}

// ticket takes a ticket for a slot. Without one, the share waits in the ring.
// more reports whether it waits or has other tickets, so that leave must be
// called when it needs none.
func (ls *Limits) ticket(s *share, waiting int) (ok, more bool) {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	s.waiting = waiting
	if s.tickets == 0 && !s.waits {
		if len(ls.ring) == 0 && s.hasRoom() {
			s.use(1)
			return true, false
		}
		s.waits, s.passed = true, 0
		ls.ring = append(ls.ring, s)
		ls.allocate()
	}
	if s.tickets > 0 {
		s.tickets--
		ok = true
		ls.forget(s)
	}
	return ok, s.waits || s.tickets > 0
}

// hasTicket reports whether ticket would return true for a share that does not
// wait.
func (ls *Limits) hasTicket(s *share) bool {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	return len(ls.ring) == 0 && s.hasRoom()
}

// giveBack returns the units of a slot.
func (ls *Limits) giveBack(st *stake) bool {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	for _, l := range st.limits {
		l.used--
		ls.forgetUnused(l)
	}
	ls.allocate()
	return len(ls.told) > 0
}

// leave gives back what a share has that needs no tickets.
func (ls *Limits) leave(s *share) bool {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	ls.drop(s)
	ls.allocate()
	return len(ls.told) > 0
}

func (ls *Limits) drop(s *share) {
	s.use(-s.tickets)
	s.tickets = 0
	ls.forget(s)
	if s.waits {
		s.waits = false
		ls.ring = without(ls.ring, s)
	}
}

// forget takes a share without tickets out of those that may not know of one.
func (ls *Limits) forget(s *share) {
	if s.tickets == 0 && len(ls.told) > 0 {
		ls.told = without(ls.told, s)
	}
}

func without(all []*share, s *share) []*share {
	return slices.DeleteFunc(all, func(other *share) bool { return other == s })
}

// allocate gives tickets to the pools in the ring, after anything that can make
// that possible.
func (ls *Limits) allocate() {
	for i := 0; i < len(ls.ring); {
		s := ls.ring[i]
		if !s.hasRoom() {
			if s.passed >= maxSkipped {
				s.keep()
			}
			i++
			continue
		}
		for _, before := range ls.ring[:i] {
			if before.meets(s) {
				before.passed++
			}
		}
		if s.tickets == 0 {
			ls.told = append(ls.told, s)
		}
		s.use(1)
		s.tickets++
		s.passed = 0
		ls.ring = slices.Delete(ls.ring, i, i+1)
		if s.waits = s.tickets < s.waiting; s.waits {
			ls.ring = append(ls.ring, s)
		}
	}
	for _, s := range ls.ring {
		for _, l := range s.limits {
			l.kept = 0
		}
	}
}

// serve makes the pools use the tickets that they got. No pool's mu must be
// held.
func (ls *Limits) serve() {
	for s := ls.next(); s != nil; s = ls.next() {
		s.pool.mu.Lock()
		s.pool.useTickets()
		s.pool.stirred = false
		s.pool.mu.Unlock()
	}
}

// next returns a share with a ticket that its pool may not know of, or nil.
func (ls *Limits) next() *share {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	if len(ls.told) == 0 {
		return nil
	}
	s := ls.told[0]
	ls.told = slices.Delete(ls.told, 0, 1)
	return s
}

func (s *share) hasRoom() bool {
	for _, l := range s.limits {
		if l.used+l.kept >= l.size {
			return false
		}
	}
	return true
}

func (s *share) use(n int) {
	for _, l := range s.limits {
		l.used += n
	}
}

// keep keeps a unit of each limit up to the first that has none.
func (s *share) keep() {
	for _, l := range s.limits {
		if l.used+l.kept >= l.size {
			return
		}
		l.kept++
	}
}

// meets reports whether two shares have a limit in common.
func (s *share) meets(other *share) bool {
	return slices.ContainsFunc(s.limits, func(l *limit) bool { return slices.Contains(other.limits, l) })
}

// A LimitStatus is the state of a limit.
type LimitStatus struct {
	Name    string
	Size    int
	InHand  int // requests and websockets of all groups
	Waiting int // requests that have a free worker and wait for the limit
}

// Status returns the state of each limit, by name.
func (ls *Limits) Status() []LimitStatus {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	out := make([]LimitStatus, 0, len(ls.byName))
	for _, l := range ls.byName {
		st := LimitStatus{Name: l.name, Size: l.size, InHand: l.used}
		for _, s := range ls.ring {
			if slices.Contains(s.limits, l) {
				st.Waiting += s.waiting
			}
		}
		out = append(out, st)
	}
	slices.SortFunc(out, func(a, b LimitStatus) int { return cmp.Compare(a.Name, b.Name) })
	return out
}
