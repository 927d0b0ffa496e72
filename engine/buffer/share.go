package buffer

import (
	"container/list"
	"time"

	"github.com/ldcorn/ldcorn/engine/netloop"
)

// A line is the Buffers of a client that wait for its share, the oldest first.
// Space.mu guards it, and what is in it.
type line struct {
	waiters list.List    // of *waiter
	since   netloop.Time // nothing of the client was given back
}

func (l *line) first() *waiter { return l.waiters.Front().Value.(*waiter) }

// firstInUse returns the first waiter whose Buffer holds something, or the first of all
// if there is none. some tells whether there is one, so that it need not look.
func (l *line) firstInUse(some bool) *waiter {
	for e := l.waiters.Front(); some && e != nil; e = e.Next() {
		if w := e.Value.(*waiter); w.b.inUse {
			return w
		}
	}
	return l.first()
}

// A waiter is a Buffer in a line.
type waiter struct {
	b    *Buffer
	task netloop.Task
	from netloop.Time
	e    *list.Element // in the line
	over bool          // it is to go on without its share
}

// An Over is the right of one body of a client to go on although the client has its
// share, or others have all there is. The zero Over is none. One task uses it.
type Over struct {
	space *Space
	owner owner
}

// End ends the right. A second call does nothing.
func (o *Over) End() {
	s := o.space
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hold(o.owner, held{over: -1})
	*o = Over{}
}

// AwaitShare waits until there is room for the body of a request, after ErrShare or
// ErrFull. The Buffers of a client wait in the order in which they came. It returns
//
//   - nil if there is room. If all that the client has here waits, so that nothing
//     would ever be given back, that is room beyond the client's share, and over is
//     set, which only one body of a client has at a time: it needs no slot while its
//     bytes come;
//   - ErrFull if the body is to go on without the Buffer. If that is because of a bound
//     of all while the client has no other body here, over is set, too. A body that has
//     over already gets ErrFull at once;
//   - netloop.ErrTimeout if nothing of the client's was given back for patience;
//   - or an error of netloop.Task.Park.
func (b *Buffer) AwaitShare(t netloop.Task, patience time.Duration, over *Over) error {
	if b.owner == (owner{}) || over.space != nil {
		return ErrFull
	}
	s := b.space
	s.mu.Lock()
	defer s.mu.Unlock()
	w := &waiter{b: b, task: t, from: netloop.Now()}
	l := s.lineUp(w)
	s.heldBack++
	defer func() { s.heldBack-- }()
	defer s.leaveLine(l, w)
	for {
		poll := false
		if l.first() == w && !w.over {
			switch tight, why := b.lack(); {
			case why == "":
				return nil
			case isShare(tight, why):
			case !s.takesTurns(b, why):
				return s.refused(b, tight, why)
			default: // others may give back room, or the disk go again
				poll = true
			}
		}
		if w.over {
			*over, b.beyond = Over{s, b.owner}, true
			if _, why := b.lack(); why != "" {
				return ErrFull
			}
			return nil
		}
		if err := s.park(l, w, patience, poll); err != nil && !w.over {
			return err
		}
	}
}

// pollPause is how often a Buffer looks for room that others have given back.
const pollPause = time.Second

// park waits for a change. It fails with netloop.ErrTimeout only if nothing was given
// back for patience.
func (s *Space) park(l *line, w *waiter, patience time.Duration, poll bool) error {
	until := max(l.since, w.from).Add(patience)
	if poll {
		until = min(until, netloop.Now().Add(pollPause))
	}
	s.mu.Unlock()
	err := w.task.Park(until)
	s.mu.Lock()
	if err == netloop.ErrTimeout && netloop.Now() < max(l.since, w.from).Add(patience) {
		s.unlock(w.b.owner, l)
		return nil
	}
	return err
}

// lineUp puts a waiter into its line. The caller holds mu, as that of the next ones.
func (s *Space) lineUp(w *waiter) *line {
	o := w.b.owner
	l := s.lines[o]
	if l == nil {
		l = &line{since: netloop.Now()}
		s.lines[o] = l
	}
	w.e = l.waiters.PushBack(w)
	if w.b.inUse {
		s.hold(o, held{waiting: 1})
	}
	s.unlock(o, l)
	return l
}

// leaveLine takes a waiter out of its line.
func (s *Space) leaveLine(l *line, w *waiter) {
	o := w.b.owner
	l.waiters.Remove(w.e)
	if w.b.inUse {
		s.hold(o, held{waiting: -1})
	}
	if l.waiters.Len() == 0 {
		delete(s.lines, o)
		return
	}
	l.first().task.Wake() // there may be room for it, too
	s.unlock(o, l)
}

// moved says that an owner has given something back.
func (s *Space) moved(o owner) {
	if l := s.lines[o]; l != nil {
		l.since = netloop.Now()
		l.first().task.Wake()
		s.unlock(o, l)
	}
}

// unlock lets one Buffer of a line go on if nothing of the owner would ever give it
// room: all that the owner has waits, or at a bound of all, all its bodies.
func (s *Space) unlock(o owner, l *line) {
	own := s.of[o]
	if own.over > 0 {
		return
	}
	w := l.firstInUse(own.waiting > 0)
	switch tight, why := w.b.lack(); {
	case isShare(tight, why):
		if own.waiting < own.buffers || own.buffers == 0 && own != (held{}) { // the files of others are being closed
			return
		}
	case !s.takesTurns(w.b, why) || own.waiting < own.bodies:
		return
	}
	w.over = true
	s.hold(o, held{over: 1})
	w.task.Wake()
}
