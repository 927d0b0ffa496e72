// Package pool is a worker group as the proxy sees it: which workers are
// ready, how many requests each has in flight, who waits for a slot, and the
// idle connections to each worker. It starts and stops no process; that is
// engine/supervisor's part, which adds and retires workers here.
//
// One rule holds whenever the pool's lock is free: no slot is free that
// somebody in the queue would take. So a request that finds a free slot
// overtakes nobody by taking it, and a slot that becomes free is only offered
// to those who wait for its worker.
package pool

import (
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ldcorn/ldcorn/engine/match"
	"github.com/ldcorn/ldcorn/engine/netloop"
	"github.com/ldcorn/ldcorn/engine/plan"
)

// Errors of a claim.
var (
	// ErrClosed is that of the pool of a removed group: the request is to be
	// routed again, by the newest table.
	ErrClosed = errors.New("pool is closed")
	// ErrFailed is that of a pool whose workers have all failed for good.
	ErrFailed = errors.New("every worker of the pool has failed")
	// ErrBusy says that the claim would have to wait.
	ErrBusy = errors.New("no free slot")
	// ErrFull says that as many requests wait as queue_limit allows.
	ErrFull = errors.New("queue is full")
)

// A Pool hands out slots: one for each request a worker may have in flight.
// It lives as long as its group does, across reloads, so that whoever waits
// in its queue is carried over to the new workers. Its methods are safe for
// concurrent use.
type Pool struct {
	name     string
	settings atomic.Pointer[plan.Group]

	mu      sync.Mutex // guards all below, and the counts of its workers
	cap     int        // slots per worker; 0 = no cap
	rotate  bool       // round_robin: how busy a worker is does not count
	sticky  bool
	limit   int           // of the queue; 0 = none
	timeout time.Duration // in the queue; 0 = none

	workers []*Worker // those that may be picked, in the order they came
	salts   []uint64  // of their scores, see home
	free    ranks     // of these, those with a free slot
	fresh   ranks     // those that have one, but should answer first

	last    uint64       // order of the newest request
	queue   queue        // those who wait for any worker; the others are in a worker's
	waiting int          // in all queues
	bare    netloop.Time // since when there is no worker; 0 = from the start
	held    time.Time    // since when; zero if it is not
	failed  bool
	closed  bool
	empty   chan struct{} // closed once the pool is closed and nobody waits
	quiet   chan struct{} // closed once no request is in flight; nil if nobody has asked for that

	stats Stats // the counters of it
	pace  pace
}

// New returns the pool of a group, without workers: requests wait until Swap
// adds some.
func New(p *plan.Group) *Pool {
	pool := &Pool{name: p.Name, empty: make(chan struct{})}
	pool.Configure(p)
	return pool
}

// Name is the group's name.
func (p *Pool) Name() string { return p.name }

// Settings is the group as it was last configured. It is only read.
func (p *Pool) Settings() *plan.Group { return p.settings.Load() }

// Configure applies the proxy-level settings of a group, to those too who
// wait already. A raised cap lets waiting requests go at once; under a lowered
// one no worker gets a new request until it is below it. A lowered queue_limit
// sends nobody away.
func (p *Pool) Configure(next *plan.Group) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.settings.Store(next)
	p.cap, p.limit = next.MaxReqPerWorker, next.QueueLimit
	p.rotate = next.Balance == plan.BalanceRoundRobin
	p.sticky = next.Sticky.By != match.KeyNone
	for _, w := range p.workers {
		p.file(w)
	}
	p.redistribute()
	if p.timeout != next.QueueTimeout {
		p.timeout = next.QueueTimeout
		p.wakeAll()
	}
}

// Swap makes the workers of add pickable and retires those of remove, in one
// step: no request sees a state in between. Waiting requests go to the new
// workers at once. A worker belongs to one pool and is added once; retiring
// it again does nothing, and one that was retired first is not added.
func (p *Pool) Swap(add, remove []*Worker) {
	p.mu.Lock()
	for _, w := range add {
		if w.retired { // it ended before it was added
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
	p.redistribute()
	if had && len(p.workers) == 0 {
		p.bared()
	}
	p.mu.Unlock()
	for _, w := range remove {
		w.CloseIdle()
	}
}

// retire takes w out of the pool. Those who wait for it are redistributed by
// the caller.
func (p *Pool) retire(w *Worker) {
	if i := slices.Index(p.workers, w); i >= 0 {
		p.workers = slices.Delete(p.workers, i, i+1)
		p.salts = slices.Delete(p.salts, i, i+1)
	}
	w.retired = true
	p.file(w)
	p.queue.join(&w.queue)
	w.signal()
}

// bared is called when the last worker has gone. A closed pool gets no other;
// else one is expected, and who waits without limit is told so that the wait
// gets one.
func (p *Pool) bared() {
	p.bare = netloop.Now()
	switch {
	case p.closed:
		p.failAll(ErrClosed)
	case p.failed:
		p.failAll(ErrFailed)
	default:
		p.wakeAll()
	}
}

// Close ends the pool of a removed group. What waits in its queue is still
// served by its workers, also where the pool is held, and Empty tells when
// that is done; whoever comes later gets ErrClosed.
func (p *Pool) Close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed, p.held = true, time.Time{}
	if len(p.workers) == 0 {
		p.failAll(ErrClosed)
	}
	p.redistribute()
	p.signal()
}

// Empty is closed once the pool is closed and nobody waits in its queue: its
// workers can be retired.
func (p *Pool) Empty() <-chan struct{} { return p.empty }

func (p *Pool) signal() {
	if p.closed && p.waiting == 0 {
		closeOnce(p.empty)
	}
}

// Quiet returns a channel that is closed once no plain request is in flight;
// websockets may remain. While the pool is not held, there may be others by the
// time that a reader notices.
func (p *Pool) Quiet() <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.quiet == nil {
		p.quiet = make(chan struct{})
	}
	quiet := p.quiet
	p.signalQuiet()
	return quiet
}

// signalQuiet closes the channel of Quiet if no request is in flight. The pool's
// mu is held.
func (p *Pool) signalQuiet() {
	if p.quiet != nil && p.stats.Requests == 0 {
		close(p.quiet)
		p.quiet = nil
	}
}

// Hold makes every request wait in the queue, until Resume. Those in flight
// go on, and the queue's limits hold as ever. It reports whether that is new.
func (p *Pool) Hold() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || p.isHeld() {
		return false
	}
	p.held = time.Now()
	return true
}

// Resume ends what Hold has begun, and returns since when that was; the zero
// Time where the pool was not held.
func (p *Pool) Resume() (since time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	since, p.held = p.held, time.Time{}
	p.redistribute()
	return since
}

func (p *Pool) isHeld() bool { return !p.held.IsZero() }

// SetFailed says whether the pool's workers have all failed for good: then
// requests get ErrFailed at once, those that wait included, rather than wait
// for a worker that will not come. Swap takes it back when it adds a worker.
func (p *Pool) SetFailed(failed bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.failed = failed
	if p.hopeless() {
		p.failAll(ErrFailed)
	}
}

func (p *Pool) hopeless() bool { return p.failed && len(p.workers) == 0 }
