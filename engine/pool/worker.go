package pool

import (
	"sync"
	"sync/atomic"

	"github.com/ldcorn/ldcorn/engine/netloop"
	"github.com/ldcorn/ldcorn/engine/proc"
)

// A Worker is one ready worker process as the proxy sees it.
type Worker struct {
	Index  int    // stable within its group, across restarts
	PID    int    // of its process
	Socket string // path of the unix socket it listens on
	// SocketScheme says that X-Forwarded-Proto of a websocket's handshake must
	// be ws or wss, not http or https. Set before Pool.Swap.
	SocketScheme bool

	upstream *netloop.Upstream // it, for who dials
	pool     *Pool             // set by Pool.Swap
	proven   atomic.Bool       // has answered; written under the pool's mu

	// Guarded by the pool's mu.
	requests, tunnels int // in flight
	served            uint64
	queue             queue  // those who wait for this very worker
	ranks             *ranks // that it is in; nil for none
	rank              int
	prev, next        *Worker // in its rank
	retired           bool
	doubted           bool          // gets no request: see Doubt
	requestsDone      chan struct{} // closed once retired without requests
	drained           chan struct{} // closed once retired with nothing in flight

	expelled  chan struct{} // closed by Expel
	expelOnce sync.Once
	idle      idle
}

// NewWorker returns a worker that Pool.Swap can add.
func NewWorker(index, pid int, socket string) *Worker {
	return &Worker{
		Index: index, PID: pid, Socket: socket, upstream: netloop.NewUpstream(socket),
		requestsDone: make(chan struct{}),
		drained:      make(chan struct{}),
		expelled:     make(chan struct{}),
	}
}

// RequestsDone is closed once the worker is retired and has no plain request
// in flight; websockets may remain.
func (w *Worker) RequestsDone() <-chan struct{} { return w.requestsDone }

// Upstream is what a task dials to connect to the worker.
func (w *Worker) Upstream() *netloop.Upstream { return w.upstream }

// Ended says that the worker's process has ended. Its connections end with it,
// those in use too, even where a process that it has left behind holds the
// other ends open. Whoever manages the pool's workers calls it, once the worker
// is retired: then those whose requests it had find it gone.
func (w *Worker) Ended() { w.upstream.Sever() }

// Doubt keeps new requests from the worker, because a connection to it broke
// while it was in use: the worker may have died, and then its idle connections
// are broken, too. The caller dials it at once and says with Trust, or with
// Expel, what came of that. Any goroutine may call it that holds, or held, a
// claim on the worker.
func (w *Worker) Doubt() {
	w.pool.mu.Lock()
	defer w.pool.mu.Unlock()
	w.doubted = true
	w.pool.file(w)
}

// Ending reports whether the worker's process is ending, though its socket may
// take connections: a child that it has left behind can hold the socket open.
func (w *Worker) Ending() bool { return proc.Ending(w.PID) }

// Trust ends a Doubt: the worker takes connections. Those who wait for it are
// served at once.
func (w *Worker) Trust() {
	p := w.pool
	p.mu.Lock()
	defer p.mu.Unlock()
	w.doubted = false
	p.file(w)
	p.serve(w)
}

// Expel takes the worker out of its pool, as Swap would, because its socket
// refuses connections, or its process is Ending. Expelled tells whoever manages the
// pool's workers. Any goroutine may call it that holds, or held, a
// claim on the worker.
func (w *Worker) Expel() {
	w.pool.Swap(nil, []*Worker{w})
	w.expelOnce.Do(func() { close(w.expelled) })
}

// Expelled is closed once the worker has been expelled.
func (w *Worker) Expelled() <-chan struct{} { return w.expelled }

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
