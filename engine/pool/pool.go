// Package pool is a worker group as the proxy sees it: which workers are
// ready, how many requests each has in flight, who waits for a slot, and the
// idle connections to each worker. It starts and stops no process; that is
// engine/supervisor's part, which adds and retires workers here.
package pool

import (
	"errors"
	"sync"

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
)

// A Pool hands out slots: one for each request a worker may have in flight.
// It lives as long as its group does, across reloads, so that whoever waits
// in its queue is carried over to the new workers. Its methods are safe for
// concurrent use.
type Pool struct {
	name string

	mu      sync.Mutex // guards all below, and the counts of its workers
	cap     int        // slots per worker; 0 = no cap
	workers []*Worker  // those that may be picked
	next    int        // where the search for the least busy starts, so that ties rotate
	queue   queue
	failed  bool
	closed  bool
	empty   chan struct{} // closed once the pool is closed and nobody waits
}

// New returns the pool of a group, without workers: requests wait until Swap
// adds some.
func New(p *plan.Pool) *Pool {
	return &Pool{name: p.Name, cap: p.MaxReqPerWorker, empty: make(chan struct{})}
}

// Name is the group's name.
func (p *Pool) Name() string { return p.name }

// Configure applies the proxy-level settings of a group. A raised cap lets
// waiting requests go at once; under a lowered one no worker gets a new
// request until it is below it.
func (p *Pool) Configure(next *plan.Pool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cap = next.MaxReqPerWorker
	p.dispatch()
}

// Swap makes the workers of add pickable and retires those of remove, in one
// step: no request sees a state in between. Waiting requests go to the new
// workers at once. A worker belongs to one pool and is added once.
func (p *Pool) Swap(add, remove []*Worker) {
	p.mu.Lock()
	for _, w := range add {
		w.pool = p
		p.workers = append(p.workers, w)
		p.failed = false
	}
	for _, w := range remove {
		p.retire(w)
	}
	p.dispatch()
	p.mu.Unlock()
	for _, w := range remove {
		w.CloseIdle()
	}
}

// Close ends the pool of a removed group. What waits in its queue is still
// served by its workers, and Empty tells when that is done; whoever comes
// later gets ErrClosed.
func (p *Pool) Close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	if len(p.workers) == 0 {
		p.queue.failAll(ErrClosed)
	}
	p.signal()
}

// Empty is closed once the pool is closed and nobody waits in its queue: its
// workers can be retired.
func (p *Pool) Empty() <-chan struct{} { return p.empty }

func (p *Pool) signal() {
	if p.closed && p.queue.len == 0 {
		closeOnce(p.empty)
	}
}

// Queued is the number of requests that wait for a slot.
func (p *Pool) Queued() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.queue.len
}

// Ready is the number of workers that may be picked.
func (p *Pool) Ready() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.workers)
}

// Finite reports whether the pool has a cap per worker.
func (p *Pool) Finite() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.cap > 0
}

// Cap is the number of slots per worker; 0 = no cap.
func (p *Pool) Cap() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.cap
}

// SetFailed says whether the pool's workers have all failed for good: then
// requests get ErrFailed at once, those that wait included, rather than wait
// for a worker that will not come. Swap takes it back when it adds a worker.
func (p *Pool) SetFailed(failed bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.failed = failed
	if p.hopeless() {
		p.queue.failAll(ErrFailed)
		p.signal()
	}
}

func (p *Pool) hopeless() bool { return p.failed && len(p.workers) == 0 }

// TryClaim takes a slot on the least busy worker. It never waits: ErrBusy
// says that Claim would. avoid, if not nil, is a worker that has just failed
// this request; another is picked where there is one. The claim counts as in
// flight from the moment it is granted, so that a drain which starts in
// between sees it. The caller ends it with Claim.Release.
func (p *Pool) TryClaim(c *Claim, avoid *Worker) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.tryClaim(c, avoid)
}

func (p *Pool) tryClaim(c *Claim, avoid *Worker) error {
	switch {
	case p.closed:
		return ErrClosed
	case p.hopeless():
		return ErrFailed
	case p.queue.len > 0: // who comes later does not overtake who waits
		return ErrBusy
	}
	w := p.pick(avoid)
	if w == nil {
		return ErrBusy
	}
	p.grant(c, w)
	return nil
}

// Claim is TryClaim that waits in the pool's queue where there is no free
// slot, until the given moment (zero = no limit). Its other errors are those
// of netloop.Task.Park.
func (p *Pool) Claim(t netloop.Task, c *Claim, avoid *Worker, until netloop.Time) error {
	p.mu.Lock()
	err := p.tryClaim(c, avoid)
	if err == ErrBusy {
		c.task = t
		p.queue.push(c)
	}
	p.mu.Unlock()
	if err != ErrBusy {
		return err
	}
	return p.wait(t, c, until)
}

// wait parks until the claim is granted or failed, or the wait is over. A
// claim that was granted while the wait ended is given back.
func (p *Pool) wait(t netloop.Task, c *Claim, until netloop.Time) error {
	for {
		err := t.Park(until)
		p.mu.Lock()
		if c.queued {
			if err == nil { // woken by someone else
				p.mu.Unlock()
				continue
			}
			p.queue.remove(c)
			p.signal()
			p.mu.Unlock()
			return err
		}
		p.mu.Unlock()
		if c.err != nil {
			return c.err
		}
		if err != nil {
			c.Release()
		}
		return err
	}
}

// pick returns the least busy worker with a free slot, or nil. Ties rotate:
// the search starts behind the worker picked last.
func (p *Pool) pick(avoid *Worker) *Worker {
	var best *Worker
	bestAt := 0
	n := len(p.workers)
	for i := range n {
		at := p.next + i
		if at >= n {
			at -= n
		}
		w := p.workers[at]
		if p.cap > 0 && w.inFlight() >= p.cap || w == avoid && n > 1 {
			continue
		}
		if best == nil || w.inFlight() < best.inFlight() {
			best, bestAt = w, at
			if w.inFlight() == 0 {
				break
			}
		}
	}
	if best != nil {
		p.next = bestAt + 1
		if p.next >= n {
			p.next = 0
		}
	}
	return best
}

// grant gives the claim a slot of w.
func (p *Pool) grant(c *Claim, w *Worker) {
	w.requests++
	c.worker, c.err = w, nil
}

// dispatch gives free slots to those who wait, first come first served.
func (p *Pool) dispatch() {
	defer p.signal()
	for p.queue.len > 0 {
		w := p.pick(nil)
		if w == nil {
			return
		}
		c := p.queue.pop()
		p.grant(c, w)
		c.task.Wake()
	}
}

// retire takes w out of the pool. Where the last worker of a closed pool
// goes, nobody is left to serve the queue.
func (p *Pool) retire(w *Worker) {
	for i, other := range p.workers {
		if other == w {
			p.workers = append(p.workers[:i], p.workers[i+1:]...)
			break
		}
	}
	if p.next >= len(p.workers) {
		p.next = 0
	}
	w.retired = true
	w.signal()
	if p.closed && len(p.workers) == 0 {
		p.queue.failAll(ErrClosed)
		p.signal()
	}
}
