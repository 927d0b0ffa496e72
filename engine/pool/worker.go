package pool

import (
	"sync"
	"sync/atomic"
)

// A Worker is one ready worker process as the proxy sees it.
type Worker struct {
	Index  int    // stable within its group, across restarts
	PID    int    // for the log
	Socket string // path of the unix socket it listens on

	pool   *Pool       // set by Pool.Swap
	proven atomic.Bool // has answered; written under the pool's mu

	// Guarded by the pool's mu.
	requests, tunnels int // in flight
	served            uint64
	queue             queue  // those who wait for this very worker
	ranks             *ranks // that it is in; nil for none
	rank              int
	prev, next        *Worker // in its rank
	retired           bool
	requestsDone      chan struct{} // closed once retired without requests
	drained           chan struct{} // closed once retired with nothing in flight

	deaf     chan struct{} // closed by Lost
	deafOnce sync.Once
	idle     idle
}

// NewWorker returns a worker that Pool.Swap can add.
func NewWorker(index, pid int, socket string) *Worker {
	return &Worker{
		Index: index, PID: pid, Socket: socket,
		requestsDone: make(chan struct{}),
		drained:      make(chan struct{}),
		deaf:         make(chan struct{}),
	}
}

// RequestsDone is closed once the worker is retired and has no plain request
// in flight; websockets may remain.
func (w *Worker) RequestsDone() <-chan struct{} { return w.requestsDone }

// Lost takes the worker out of its pool, as Swap would, because its socket
// refuses connections: it has ended, or will. Deaf tells whoever manages the
// pool's workers. Any goroutine may call it that holds a claim on the worker.
func (w *Worker) Lost() {
	w.pool.Swap(nil, []*Worker{w})
	w.deafOnce.Do(func() { close(w.deaf) })
}

// Deaf is closed once the worker is Lost.
func (w *Worker) Deaf() <-chan struct{} { return w.deaf }

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
