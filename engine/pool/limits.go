package pool

import (
	"cmp"
	"slices"
	"sync"

	"github.com/ldcorn/ldcorn/engine/netloop"
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
// its workers are busy, passes it on. A pool that needs several limits can have
// a reserve.
//
// The invariant of a pool becomes that no slot is free that a request in its
// queue could take with the limits. It holds once the tickets are used, which
// is after the lock of the pool that has freed a unit was given up.
type Limits struct {
	mu     sync.Mutex // guards all fields, and those of limit and share; no pool's mu is locked while it is held
	byName map[string]*limit
	ring   []*share     // the pools that wait for a ticket, in the order of their turns
	told   []*share     // those that got a ticket and may not know it
	clock  *clock       // nil = that of the system
	alarm  alarm        // calls expire; nil until a unit was first kept
	due    netloop.Time // when the alarm goes off; 0 = it does not
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
