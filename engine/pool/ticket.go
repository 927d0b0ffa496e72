package pool

import (
	"slices"

	"github.com/ldcorn/ldcorn/engine/netloop"
)

// The way of a ticket: a share takes one or waits for it in the ring, whatever
// frees a unit gives it to the ring, and the pools that got one are told.

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
		s.waits, s.reserve = true, reserve{}
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

// drop takes the tickets of a share back, and the share out of the ring. The
// caller calls allocate.
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
	var due netloop.Time // the end of what is kept; 0 = nothing is
	for i := 0; i < len(ls.ring); {
		s := ls.ring[i]
		if !s.hasRoom() {
			if until := ls.keep(s); until != 0 && (due == 0 || until < due) {
				due = until
			}
			i++
			continue
		}
		for _, before := range ls.ring[:i] {
			if before.meets(s) {
				ls.skip(before)
			}
		}
		if s.tickets == 0 {
			ls.told = append(ls.told, s)
		}
		s.use(1)
		s.tickets++
		s.reserve = reserve{}
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
	ls.setAlarm(due)
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
