package pool

import (
	"time"

	"github.com/ldcorn/ldcorn/engine/netloop"
)

// A Claim is one request's slot on a worker, or its place in the queue. The
// zero Claim is ready for use, and may be used again once released.
type Claim struct {
	// Key says, in a sticky pool, who sent the request: those of one key go to
	// one worker. 0 leaves it to the balance. See the function Key. It is set
	// before the claim is made.
	Key uint64
	// Chosen says that Key is to count in any pool.
	Chosen bool

	worker *Worker
	tunnel bool
	err    error
	waited time.Duration // in the queue, before this claim was granted

	// Guarded by the pool's mu.
	task       netloop.Task
	avoid      *Worker
	order      uint64       // of arrival; a repeated request keeps its own
	since      netloop.Time // of the wait; that of a repeat counts what came before
	queue      *queue       // nil unless it waits
	prev, next *Claim
}

// Worker is the worker the claim was granted on; nil if it holds none.
func (c *Claim) Worker() *Worker { return c.worker }

// TryClaim takes a slot, on the worker that the pool's settings say. It never
// waits: ErrBusy says that Claim would, ErrFull that there is no room for
// that. Avoid, if not nil, is a worker that has just failed this request:
// another is picked where there is one, and in the queue the request has its
// old place. The claim counts as in flight from the moment it is granted, so
// that a drain which starts in between sees it. The caller ends it with
// Claim.Release.
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
	}
	repeated := avoid != nil && avoid.pool == p
	if !repeated {
		p.last++
		c.order, c.waited = p.last, 0
	}
	c.avoid = avoid
	w := p.choose(c)
	switch {
	case w != nil:
		p.grant(c, w)
		return nil
	case p.limit > 0 && p.waiting >= p.limit && !repeated:
		p.stats.Full++
		return ErrFull
	}
	return ErrBusy
}

// choose returns the worker that c can have now, or nil.
func (p *Pool) choose(c *Claim) *Worker {
	switch {
	case p.isHeld():
		return nil
	case p.binds(c):
		if w := p.home(c.Key, c.avoid); w != nil && p.hasSlot(w) {
			return w
		}
		return nil
	}
	return p.pick(c.avoid)
}

// grant gives the claim a slot of w.
func (p *Pool) grant(c *Claim, w *Worker) {
	w.requests++
	w.served++
	p.file(w)
	p.stats.Requests++
	p.stats.Claims++
	c.worker, c.err = w, nil
}

// Answered says that the worker has begun to answer: it has proved that it
// can. A worker that never did gets only few requests at a time, as long as
// others are there. It costs nothing from the second call on.
func (c *Claim) Answered() {
	w := c.worker
	if w == nil || w.proven.Load() {
		return
	}
	w.pool.mu.Lock()
	defer w.pool.mu.Unlock()
	w.proven.Store(true)
	w.pool.file(w)
}

// ToTunnel turns the claim of a request into that of a tunnel: a websocket,
// which a drain does not wait for as long as for a request. It returns the
// claim to release in the end; c holds none any more.
func (c *Claim) ToTunnel() *Claim {
	c.Answered()
	w := c.worker
	p := w.pool
	p.mu.Lock()
	defer p.mu.Unlock()
	w.requests--
	w.tunnels++
	p.stats.Requests--
	p.stats.Tunnels++
	w.signal()
	p.signalQuiet()
	c.drop()
	return &Claim{worker: w, tunnel: true}
}

// Release gives the slot back, to the first who waits for it. On a claim that
// holds none it does nothing.
func (c *Claim) Release() {
	w := c.worker
	if w == nil {
		return
	}
	p := w.pool
	p.mu.Lock()
	if c.tunnel {
		w.tunnels--
		p.stats.Tunnels--
	} else {
		w.requests--
		p.stats.Requests--
	}
	p.pace.done++
	c.drop()
	p.refile(w)
	w.signal()
	p.serve(w)
	p.signalQuiet()
	p.mu.Unlock()
}

// drop forgets the slot. What a repeat needs stays.
func (c *Claim) drop() { c.worker, c.tunnel, c.task, c.avoid = nil, false, nil, nil }
