package pool

import (
	"sync"

	"github.com/ldcorn/ldcorn/engine/netloop"
)

// A Worker is one ready worker process as the proxy sees it.
type Worker struct {
	Index  int    // stable within its group, across restarts
	PID    int    // for the log
	Socket string // path of the unix socket it listens on

	pool *Pool // set by Pool.Swap

	// Guarded by the pool's mu.
	requests, tunnels int // in flight
	retired           bool
	requestsDone      chan struct{} // closed once retired without requests
	drained           chan struct{} // closed once retired with nothing in flight

	idle idle
}

// NewWorker returns a worker that Pool.Swap can add.
func NewWorker(index, pid int, socket string) *Worker {
	return &Worker{
		Index: index, PID: pid, Socket: socket,
		requestsDone: make(chan struct{}),
		drained:      make(chan struct{}),
	}
}

// RequestsDone is closed once the worker is retired and has no plain request
// in flight; websockets may remain.
func (w *Worker) RequestsDone() <-chan struct{} { return w.requestsDone }

// Drained is closed once the worker is retired and has nothing in flight.
func (w *Worker) Drained() <-chan struct{} { return w.drained }

// InFlight counts the plain requests and the tunnels the worker has now.
func (w *Worker) InFlight() (requests, tunnels int) {
	if w.pool == nil {
		return 0, 0
	}
	w.pool.mu.Lock()
	defer w.pool.mu.Unlock()
	return w.requests, w.tunnels
}

func (w *Worker) inFlight() int { return w.requests + w.tunnels }

// signal closes the channels whose condition has come true. The pool's mu is
// held.
func (w *Worker) signal() {
	if !w.retired || w.requests > 0 {
		return
	}
	closeOnce(w.requestsDone)
	if w.tunnels == 0 {
		closeOnce(w.drained)
	}
}

func closeOnce(c chan struct{}) {
	select {
	case <-c:
	default:
		close(c)
	}
}

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
