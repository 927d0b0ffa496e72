package pool

import (
	"sync"
	"sync/atomic"

	"github.com/ldcorn/ldcorn/engine/netloop"
	"github.com/ldcorn/ldcorn/engine/proc"
)

// A Worker is one ready worker process as the proxy sees it.
type Worker struct {
	Index  int // stable within its group, across restarts
	PID    int
	Socket string // path of the unix socket that it listens on
	// SocketScheme means that X-Forwarded-Proto of a websocket handshake must
	// be ws or wss rather than http or https. It must be set before Pool.Swap.
	SocketScheme bool

	upstream *netloop.Upstream // what a task dials
	pool     *Pool             // set by Pool.Swap
	proven   atomic.Bool       // the worker has answered a request; written with the pool's mu held

	// Guarded by the pool's mu.
	requests, tunnels int // in flight
	served            uint64
	queue             queue  // requests that wait for this particular worker
	ranks             *ranks // the ranks that it is in, or nil
	rank              int
	prev, next        *Worker // neighbors in its rank
	joining           bool    // a newcomer
	unended           int     // requests that it got since it last ended one
	retired           bool
	doubted           bool          // gets no requests; see Doubt
	requestsDone      chan struct{} // closed once retired with no requests in flight
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

// RequestsDone returns a channel that is closed once the worker is retired and
// has no ordinary request in flight; websockets may remain.
func (w *Worker) RequestsDone() <-chan struct{} { return w.requestsDone }

// Upstream returns what a task dials to connect to the worker.
func (w *Worker) Upstream() *netloop.Upstream { return w.upstream }

// Ended records that the worker's process has exited. It ends all connections
// to the worker, including those in use, even if a process that the worker left
// behind holds the other ends open. The manager of the pool's workers calls it
// after it has retired the worker: the worker's requests then find it gone.
func (w *Worker) Ended() { w.upstream.Sever() }

// Doubt withholds new requests from the worker because a connection to it broke
// while in use: the worker may have died, and then its idle connections are
// broken, too. The caller must dial the worker immediately and report the
// result with Trust or Expel. Any goroutine that holds, or held, a claim on the
// worker can call it.
func (w *Worker) Doubt() {
	w.pool.mu.Lock()
	defer w.pool.unlock()
	w.doubted = true
	w.pool.file(w)
}

// Ending reports whether the worker's process is ending, even though its socket
// may still accept connections: a child that it left behind can hold the socket
// open.
func (w *Worker) Ending() bool { return proc.Ending(w.PID) }

// Trust ends a Doubt: the worker accepts connections. The requests that wait
// for it are served immediately.
func (w *Worker) Trust() {
	p := w.pool
	p.mu.Lock()
	defer p.unlock()
	w.doubted = false
	p.file(w)
	p.serve(w)
}

// Expel takes the worker out of its pool, as Swap would, because its socket
// refuses connections or its process is Ending. Expelled notifies the manager
// of the pool's workers. Any goroutine that holds, or held, a claim on the
// worker can call it.
func (w *Worker) Expel() {
	w.pool.swap(nil, []*Worker{w}) // the manager calls Swap once it knows
	w.expelOnce.Do(func() { close(w.expelled) })
}

// Expelled returns a channel that is closed once the worker has been expelled.
func (w *Worker) Expelled() <-chan struct{} { return w.expelled }

// Drained returns a channel that is closed once the worker is retired and has
// nothing in flight.
func (w *Worker) Drained() <-chan struct{} { return w.drained }

// InFlight returns the numbers of ordinary requests and of tunnels in flight.
func (w *Worker) InFlight() (requests, tunnels int) {
	if w.pool == nil {
		return 0, 0
	}
	w.pool.mu.Lock()
	defer w.pool.mu.Unlock()
	return w.requests, w.tunnels
}

func (w *Worker) inFlight() int { return w.requests + w.tunnels }

// signal closes the channels whose conditions have become true. The pool's mu
// must be held.
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
