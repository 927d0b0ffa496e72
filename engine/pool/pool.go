// Package pool is a worker group as the proxy sees it: which workers are ready,
// how many requests each has in flight, which requests wait for a slot, and the
// idle connections to each worker. It starts and stops no processes; that is
// the job of engine/supervisor, which adds and retires workers here.
//
// One invariant holds whenever the pool's lock is not held: no slot is free
// that a request in the queue could take. So a request that finds a free slot
// overtakes nobody by taking it, and a slot that becomes free needs to be
// offered only to the requests that wait for its worker. A pool that shares
// limits with others can have a free slot and no unit of a limit: see Limits.
package pool

import (
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ldcorn/ldcorn/engine/affinity"
	"github.com/ldcorn/ldcorn/engine/match"
	"github.com/ldcorn/ldcorn/engine/netloop"
	"github.com/ldcorn/ldcorn/engine/plan"
)

// Errors of a claim.
var (
	// ErrClosed means that the group was removed: the request must be routed
	// again, with the latest table.
	ErrClosed = errors.New("pool is closed")
	// ErrFailed means that all workers of the pool have failed for good.
	ErrFailed = errors.New("every worker of the pool has failed")
	// ErrBusy means that the claim would have to wait.
	ErrBusy = errors.New("no free slot")
	// ErrFull means that as many requests are waiting as queue_limit allows.
	ErrFull = errors.New("queue is full")
	// ErrEvicted means that the request waited, and then had to make room in a
	// full queue for another.
	ErrEvicted = errors.New("evicted from a full queue")
)

// A Pool hands out slots, one for each request that a worker may have in
// flight. It lives as long as its group, across reloads, so that the requests
// in its queue carry over to the new workers. Its methods are safe for
// concurrent use.
type Pool struct {
	name     string
	settings atomic.Pointer[plan.Group]

	mu       sync.Mutex // guards all fields below and the counts of the workers
	cap      int        // slots per worker; 0 means no cap
	rotate   bool       // round_robin: ignore how busy a worker is
	sticky   bool
	limit    int           // of the queue; 0 means no limit
	priority int           // of claims that have none of their own
	fair     bool          // keys take turns
	adaptive bool          // serve the newest first in an overload
	timeout  time.Duration // in the queue; 0 means no limit

	workers []*Worker // workers that can be picked, in the order they were added
	salts   []uint64  // for their scores; see home
	free    ranks     // the workers with a free slot
	joining ranks     // the newcomers among them
	fresh   ranks     // the workers with a free slot that should answer a request first
	owed    int       // what newcomers are owed of the turns; see countTurn

	last    uint64       // order of the newest request
	calm    uint64       // requests up to this order have not waited just for a slot; see lose
	leaving []*Worker    // retired workers whose queues have not been emptied; see refill
	queue   queue        // requests that wait for any worker; the others are in a worker's queue
	waiting int          // number of requests in all queues
	bare    netloop.Time // when the last worker left; 0 if there never was one
	held    time.Time    // when Hold was called; zero if the pool is not held
	failed  bool
	closed  bool
	empty   chan struct{} // closed once the pool is closed and no request waits
	quiet   chan struct{} // closed once no request is in flight; nil unless Quiet was called

	leisure   leisure
	era       uint64              // of the overloads of tenants: see forgetOverload
	overloads int                 // tenants that are overloaded
	shown     bool                // what overloaded was when turned was last told
	turned    chan struct{}       // see Overloads
	entered   netloop.Time        // when a request last began to wait
	clock     func() netloop.Time // netloop.Now; a test has its own

	// The order of the queue:
	levels  []*level  // by priority, the highest first
	turns   uint64    // slots that requests got in the queue
	joined  uint64    // the latest turn.joined
	lanes   []*lane   // unused
	tenants []*tenant // unused

	stats   Stats // only its counters are used
	pace    pace
	running running

	limits  *Limits
	share   share
	asked   bool // for tickets: share waits for one or has one
	stirred bool // other pools may have got tickets: see unlock

	bonds affinity.Bonds[*Worker] // guards itself
}

// New returns the pool of a group, without workers: requests wait until Swap
// adds some. The pool shares its limits with no other.
func New(p *plan.Group) *Pool { return NewWith(p, new(Limits)) }

// NewWith is New for a pool that shares limits with others.
func NewWith(p *plan.Group, limits *Limits) *Pool {
	pool := &Pool{name: p.Name, empty: make(chan struct{}), turned: make(chan struct{}, 1), clock: netloop.Now, limits: limits}
	pool.share.pool, pool.share.stake = pool, new(stake)
	pool.Configure(p)
	return pool
}

// Name returns the group's name.
func (p *Pool) Name() string { return p.name }

// Settings returns the group as last configured. It is read-only.
func (p *Pool) Settings() *plan.Group { return p.settings.Load() }

// Configure applies the proxy's settings of a group, also to requests that are
// already waiting. With a raised cap waiting requests proceed at once; with a
// lowered cap a worker gets no new requests until it is below the cap. A
// lowered queue_limit removes no request from the queue. The order of the queue
// changes at once: a request keeps the key that it has come with, and gets the
// priority of the group unless it has one of its own.
func (p *Pool) Configure(next *plan.Group) {
	p.mu.Lock()
	defer p.unlock()
	if old := p.settings.Swap(next); old != nil && old.Sticky.Session != next.Sticky.Session {
		p.bonds.Clear() // ids of another kind
	}
	p.cap, p.limit = next.MaxReqPerWorker, next.QueueLimit
	p.rotate = next.Balance == plan.BalanceRoundRobin
	p.sticky = next.Sticky.Key.By != match.KeyNone
	for _, w := range p.workers {
		w.joining = w.joining && p.gentle()
		p.file(w)
	}
	p.setLimits(next.Limits)
	p.order(next)
	p.redistribute()
	if p.timeout != next.QueueTimeout {
		p.timeout = next.QueueTimeout
		p.calm = p.last
		p.wakeAll()
	}
}

// Swap adds the workers of add and retires those of remove in one step: no
// request sees a state in between. Waiting requests go to the new workers at
// once. A worker belongs to one pool and can be added only once; retiring it
// again does nothing, and a worker that was retired first is not added.
func (p *Pool) Swap(add, remove []*Worker) {
	p.swap(add, remove)
	for _, w := range remove {
		p.bonds.Forget(w)
	}
}

// swap is Swap, except that the sessions of retired workers are not forgotten,
// which can take long.
func (p *Pool) swap(add, remove []*Worker) {
	p.mu.Lock()
	if len(add) > 0 {
		p.welcome(add, remove)
	}
	for _, w := range add {
		if w.retired { // it exited before it was added
			continue
		}
		w.pool = p
		p.workers = append(p.workers, w)
		p.salts = append(p.salts, salt(w.Index))
		p.file(w)
		p.failed = false
	}
	had := len(p.workers) > 0
	for _, w := range remove {
		p.retire(w)
	}
	if len(p.workers) == 0 || slices.Contains(add, p.workers[0]) { // all are new
		p.calm = p.last
	}
	p.redistribute()
	if had && len(p.workers) == 0 {
		p.bared()
	}
	p.unlock()
	for _, w := range remove {
		w.CloseIdle()
	}
}

// retire takes w out of the pool. The caller must redistribute the requests
// that wait for it.
func (p *Pool) retire(w *Worker) {
	if i := slices.Index(p.workers, w); i >= 0 {
		p.workers = slices.Delete(p.workers, i, i+1)
		p.salts = slices.Delete(p.salts, i, i+1)
	}
	w.retired = true
	p.file(w)
	p.leaving = append(p.leaving, w)
	w.signal()
}

// bared is called when the last worker has left. A closed pool gets no other
// worker. Otherwise one is expected, and bared wakes the waiting requests so
// that they set a limit on their wait.
func (p *Pool) bared() {
	p.bare = p.clock()
	switch {
	case p.closed:
		p.failAll(ErrClosed)
	case p.failed:
		p.failAll(ErrFailed)
	default:
		p.wakeAll()
	}
}

// Close closes the pool of a removed group. Its workers still serve the
// requests in its queue, even if the pool was held, and Empty tells when they
// have done so; later requests get ErrClosed.
func (p *Pool) Close() {
	p.mu.Lock()
	defer p.unlock()
	p.closed, p.held = true, time.Time{}
	if len(p.workers) == 0 {
		p.failAll(ErrClosed)
	}
	p.redistribute()
	p.signal()
}

// Empty returns a channel that is closed once the pool is closed and its queue
// is empty, so that its workers can be retired.
func (p *Pool) Empty() <-chan struct{} { return p.empty }

func (p *Pool) signal() {
	if p.closed && p.waiting == 0 {
		closeOnce(p.empty)
		p.setLimits(nil) // it hands out no more slots
	}
}

// Quiet returns a channel that is closed once no ordinary request is in flight;
// websockets may remain. Unless the pool is held, new requests may be in flight
// by the time the caller notices.
func (p *Pool) Quiet() <-chan struct{} {
	p.mu.Lock()
	defer p.unlock()
	if p.quiet == nil {
		p.quiet = make(chan struct{})
	}
	quiet := p.quiet
	p.signalQuiet()
	return quiet
}

// signalQuiet closes the channel of Quiet if no request is in flight. The
// pool's mu must be held.
func (p *Pool) signalQuiet() {
	if p.quiet != nil && p.stats.Requests == 0 {
		close(p.quiet)
		p.quiet = nil
	}
}

// SetFailed sets whether all of the pool's workers have failed for good. If so,
// all requests, including those that are waiting, get ErrFailed immediately
// instead of waiting for a worker that will not come. Swap resets it when it
// adds a worker.
func (p *Pool) SetFailed(failed bool) {
	p.mu.Lock()
	defer p.unlock()
	p.failed = failed
	if p.hopeless() {
		p.failAll(ErrFailed)
	}
}

func (p *Pool) hopeless() bool { return p.failed && len(p.workers) == 0 }
