package pool

import (
	"sync"

	"github.com/ldcorn/ldcorn/engine/netloop"
)

// idle holds a worker's connections that wait for their next request, in one
// stack per loop: the most recently used connection is taken first, so that
// surplus connections grow old and are closed.
type idle struct {
	mu     sync.Mutex // guards all fields below
	stacks []stack    // one per loop; there are few
	closed bool
}

// A stack holds the idle connections of one loop, the most recently used one on
// top.
type stack struct {
	loop  *netloop.Loop
	conns []netloop.Conn
}

// TakeIdle returns an idle connection of a loop that is still alive, or nil. It
// never returns a connection of another loop, because only the tasks of that
// loop may use it.
func (w *Worker) TakeIdle(loop *netloop.Loop) netloop.Conn {
	for {
		c := w.idle.pop(loop)
		if c == nil || c.Alive() {
			return c
		}
	}
}

// PutIdle keeps a connection for the next request of its loop until the given
// time. If the worker is retired, PutIdle closes the connection.
func (w *Worker) PutIdle(c netloop.Conn, until netloop.Time) {
	c.Rest(until)
	if !w.idle.push(c) {
		c.Close()
	}
}

// CloseIdle closes the worker's idle connections, and makes PutIdle close every
// later one. Pool.Swap calls it for the workers that it retires.
func (w *Worker) CloseIdle() {
	for _, c := range w.idle.clear() {
		c.CloseLater()
	}
}

func (i *idle) pop(loop *netloop.Loop) netloop.Conn {
	i.mu.Lock()
	defer i.mu.Unlock()
	s := i.of(loop)
	if s == nil || len(s.conns) == 0 {
		return nil
	}
	last := len(s.conns) - 1
	c := s.conns[last]
	s.conns[last] = nil
	s.conns = s.conns[:last]
	return c
}

func (i *idle) push(c netloop.Conn) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.closed {
		return false
	}
	loop := c.Loop()
	s := i.of(loop)
	if s == nil {
		i.stacks = append(i.stacks, stack{loop: loop})
		s = &i.stacks[len(i.stacks)-1]
	}
	s.conns = append(s.conns, c)
	return true
}

// of returns the stack of a loop, or nil. mu must be held.
func (i *idle) of(loop *netloop.Loop) *stack {
	for n := range i.stacks {
		if s := &i.stacks[n]; s.loop == loop {
			return s
		}
	}
	return nil
}

func (i *idle) clear() []netloop.Conn {
	i.mu.Lock()
	defer i.mu.Unlock()
	var all []netloop.Conn
	for _, s := range i.stacks {
		all = append(all, s.conns...)
	}
	i.stacks, i.closed = nil, true
	return all
}
