package buffer

import (
	"container/list"
	"net/netip"
	"time"

	"github.com/ldcorn/ldcorn/engine/netloop"
)

// A gate holds back the requests of a client that has its share of the Space in
// answers, which it does not take. It is there as long as that is so, or requests
// wait. Space.mu guards it, and what is in it.
//
// The bodies of requests do not shut it, although they count for the share: those
// that are whole wait for a slot, and are gone once they have it.
type gate struct {
	shut    bool
	waiters list.List    // of *turn, the oldest first
	since   netloop.Time // the client took something, or the gate was made
}

// A turn is a request that waits at a gate.
type turn struct {
	task   netloop.Task
	passed bool // the gate, and so it is off the list
}

// openPart is the part of its share below which a client's requests all pass the
// gate at once. Above, one passes each time when the client has taken something:
// if all did, they would often be back soon.
const openPart = 2

// owes reports whether a client has the share, or a part of it, in answers that it has
// not taken.
func (s *Space) owes(answers amount, part int64) bool {
	l, part := s.limits, share*part
	return answers.memory > 0 && answers.memory+pageSize > s.memoryLimit()/part ||
		answers.disk > 0 && answers.disk+pageSize > l.Disk/part ||
		answers.files > 0 && answers.files >= max(l.Files/int(part), 1)
}

// Owes reports whether a client has its share of the Space in answers that it has not
// taken, so that it is to get no slot for another request. The zero Addr has no
// share.
func (s *Space) Owes(client netip.Addr) bool {
	if s.gated.Load() == 0 {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.gates[ownerOf(client)]
	return g != nil && g.shut
}

// HoldsBack reports whether AwaitTurn would wait.
func (s *Space) HoldsBack(client netip.Addr) bool {
	if s.gated.Load() == 0 {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.holdsBack(ownerOf(client)) != nil
}

// holdsBack returns the gate at which a new request of an owner would wait, or nil. The
// caller holds mu, as that of the next ones.
func (s *Space) holdsBack(o owner) *gate {
	if g := s.gates[o]; g != nil && (g.shut || g.waiters.Len() > 0) {
		return g
	}
	return nil
}

// AwaitTurn waits until a request of a client may ask for a slot: as long as Owes is
// true. Requests of a client go on in the order in which they came. It fails with
// netloop.ErrTimeout if the client has taken nothing for patience, or with another
// error of netloop.Task.Park.
func (s *Space) AwaitTurn(t netloop.Task, client netip.Addr, patience time.Duration) error {
	o := ownerOf(client)
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.holdsBack(o)
	if g == nil {
		return nil
	}
	s.notes.refused(RefusedShare, o, nil)
	w, from := &turn{task: t}, netloop.Now()
	e := g.waiters.PushBack(w)
	s.heldBack++
	defer func() { s.heldBack-- }()
	for !w.passed {
		until := max(g.since, from).Add(patience)
		s.mu.Unlock()
		err := t.Park(until)
		s.mu.Lock()
		switch {
		case err == nil || w.passed && err == netloop.ErrTimeout:
		case err == netloop.ErrTimeout && netloop.Now() < max(g.since, from).Add(patience):
		default:
			if !w.passed {
				g.waiters.Remove(e)
			}
			s.letOn(o, w.passed) // perhaps in its place
			return err
		}
	}
	s.letOn(o, !s.owes(s.of[o].answers, openPart))
	return nil
}

// turnGate makes, opens or shuts the gate of an owner after a change of its answers.
// took says that the owner has taken something.
func (s *Space) turnGate(o owner, answers amount, took bool) {
	g, shut := s.gates[o], o != owner{} && s.owes(answers, 1)
	switch {
	case g == nil && !shut:
		return
	case g == nil:
		g = &gate{since: netloop.Now()}
		s.gates[o] = g
		s.gated.Store(int32(len(s.gates)))
	}
	if g.shut = shut; took {
		g.since = netloop.Now()
	}
	s.letOn(o, took)
}

// turnGates turns all gates after a change of the limits.
func (s *Space) turnGates() {
	for o, own := range s.of {
		s.turnGate(o, own.answers, true)
	}
}

// letOn removes the gate of an owner if there is no use for it. Otherwise, with
// next, it lets the next request pass if the gate is open.
func (s *Space) letOn(o owner, next bool) {
	g := s.gates[o]
	switch {
	case g == nil || g.shut:
	case g.waiters.Len() == 0:
		delete(s.gates, o)
		s.gated.Store(int32(len(s.gates)))
	case next:
		w := g.waiters.Remove(g.waiters.Front()).(*turn)
		w.passed = true
		w.task.Wake()
	}
}
