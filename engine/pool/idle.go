package pool

import (
	"sync"

	"github.com/ldcorn/ldcorn/engine/netloop"
)

// idle holds a worker's connections that wait for their next request, a stack
// per loop: the one used last is taken first, so that those beyond the need
// grow old and are closed.
type idle struct {
	mu     sync.Mutex // guards all below
	stacks [][]netloop.Conn
	closed bool
}

// TakeIdle returns an idle connection of that loop which is still alive, or
// nil.
func (w *Worker) TakeIdle(loop int) netloop.Conn {
	for {
		c := w.idle.pop(loop)
		if c == nil || c.Alive() {
			return c
		}
	}
}

// PutIdle keeps a connection of that loop for its next request, until the
// given moment. A retired worker's is closed.
func (w *Worker) PutIdle(loop int, c netloop.Conn, until netloop.Time) {
	c.Rest(until)
	if !w.idle.push(loop, c) {
		c.Close()
	}
}

// CloseIdle closes the worker's idle connections, and from now on every one
// that would become idle. Pool.Swap calls it for the workers it retires.
func (w *Worker) CloseIdle() {
	for _, c := range w.idle.clear() {
		c.CloseLater()
	}
}

func (i *idle) pop(loop int) netloop.Conn {
	i.mu.Lock()
	defer i.mu.Unlock()
	if loop >= len(i.stacks) || len(i.stacks[loop]) == 0 {
		return nil
	}
	s := i.stacks[loop]
	c := s[len(s)-1]
	s[len(s)-1] = nil
	i.stacks[loop] = s[:len(s)-1]
	return c
}

func (i *idle) push(loop int, c netloop.Conn) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.closed {
		return false
	}
	for loop >= len(i.stacks) {
		i.stacks = append(i.stacks, nil)
	}
	i.stacks[loop] = append(i.stacks[loop], c)
	return true
}

func (i *idle) clear() []netloop.Conn {
	i.mu.Lock()
	defer i.mu.Unlock()
	var all []netloop.Conn
	for _, s := range i.stacks {
		all = append(all, s...)
	}
	i.stacks, i.closed = nil, true
	return all
}
