package pool

import (
	"slices"

	"github.com/ldcorn/ldcorn/engine/plan"
)

// A share is the part that a pool has in its limits.
type share struct {
	pool    *Pool
	limits  []*limit // by name; replaced, never modified; also guarded by the pool's mu
	tickets int      // not used yet
	waits   bool     // it is in the ring
	waiting int      // requests that waited in the pool when it last asked for a ticket
	reserve reserve  // while it is in the ring

	// Guarded by the pool's mu:
	stake *stake   // of the requests that get a slot now
	older []*stake // of those that got theirs with other limits
}

func (l *limit) hasRoom() bool { return l.used+l.kept < l.size }

// hasRoom reports whether each limit has a unit for the share.
func (s *share) hasRoom() bool {
	for _, l := range s.limits {
		if !l.hasRoom() {
			return false
		}
	}
	return true
}

// use counts n units of each limit as used.
func (s *share) use(n int) {
	for _, l := range s.limits {
		l.used += n
	}
}

// meets reports whether two shares have a limit in common.
func (s *share) meets(other *share) bool {
	return slices.ContainsFunc(s.limits, func(l *limit) bool { return slices.Contains(other.limits, l) })
}

// limited reports whether the pool needs tickets for its slots.
func (p *Pool) limited() bool { return p.share.limits != nil }

// setLimits applies the limits of a group.
func (p *Pool) setLimits(want []plan.Limit) {
	if sameLimits(p.share.limits, want) {
		return
	}
	told := p.limits.change(&p.share, want)
	p.asked, p.stirred = false, p.stirred || told
}

func sameLimits(have []*limit, want []plan.Limit) bool {
	if len(have) != len(want) {
		return false
	}
	names := make(map[string]bool)
	for _, l := range have {
		names[l.name] = true
	}
	for _, l := range want {
		if !names[l.Name] {
			return false
		}
	}
	return true
}

// admit takes a ticket for a request that does not wait and has found a free
// worker. A ticket that the pool waits for is for one of its queue.
func (p *Pool) admit() bool {
	if !p.limited() {
		return true
	}
	if p.asked {
		return false
	}
	ok, more := p.limits.ticket(&p.share, p.waiting)
	p.asked = more
	return ok
}

// wouldAdmit reports whether admit would return true.
func (p *Pool) wouldAdmit() bool {
	return !p.limited() || !p.asked && p.limits.hasTicket(&p.share)
}

// useTickets grants free slots to the requests that wait as long as there are
// tickets, and asks for more if it needs them.
func (p *Pool) useTickets() {
	if !p.limited() {
		return
	}
	needs := false
	for p.waiting > 0 && p.open() {
		w := p.matching()
		if w == nil {
			break
		}
		ok, more := p.limits.ticket(&p.share, p.waiting)
		p.asked = more
		if needs = !ok; needs {
			break
		}
		p.wakeGranted(p.take(w), w)
		p.signal()
	}
	if p.asked && !needs {
		p.stirred = p.limits.leave(&p.share) || p.stirred
		p.asked = false
	}
}

// matching returns the first worker, in the order of choice, for whose free slot
// a request waits, or nil.
func (p *Pool) matching() *Worker {
	if w := p.pick(nil, false); w != nil && p.hasWork(w) {
		return w
	}
	for _, r := range p.rankOrder() {
		for i := range r.lists {
			for w := r.lists[i].head; w != nil; w = w.next {
				if p.hasWork(w) {
					return w
				}
			}
		}
	}
	return nil
}

// hasWork reports whether a request waits that w could take.
func (p *Pool) hasWork(w *Worker) bool {
	return p.repeatFor(w) != nil || p.queue.first(nil) != nil || w.queue.first(nil) != nil
}

// HasLimit reports whether requests of the pool count for a limit, those that
// wait or those in hand.
func (p *Pool) HasLimit(name string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	is := func(l *limit) bool { return l.name == name }
	return slices.ContainsFunc(p.share.limits, is) ||
		slices.ContainsFunc(p.share.older, func(st *stake) bool { return st.n > 0 && slices.ContainsFunc(st.limits, is) })
}

// unlock unlocks the pool's mu. A pool with limits hands out its slots here.
func (p *Pool) unlock() {
	if !p.limited() && !p.stirred {
		p.mu.Unlock()
		return
	}
	p.useTickets()
	stirred := p.stirred
	p.stirred = false
	p.mu.Unlock()
	if stirred {
		p.limits.serve()
	}
}
