package pool

import (
	"time"

	"github.com/ldcorn/ldcorn/engine/netloop"
)

// A Claim is one request's slot on a worker, or its place in the queue. The
// zero Claim is ready to use, and can be used again once released.
type Claim struct {
	// Key identifies the sender of the request in a sticky pool: requests with
	// the same key go to the same worker. If it is 0, the balance policy
	// decides. See the function Key. It must be set before the claim is made.
	Key uint64
	// Chosen makes Key count even if the pool is not sticky.
	Chosen bool
	// Seat, if not 0, is one more than the index of the worker that the request
	// belongs to. A reload that replaces the worker changes nothing. If the pool
	// has no worker with the index, the balance policy decides. Seat and Home go
	// before Key, and hold for a repeated request, too, because no other worker
	// knows its session. They must be set before the claim is made.
	Seat int
	// Home, if not nil, is the process that the request belongs to. Once it is
	// retired, Home counts no more.
	Home *Worker
	// Priority, if not nil, takes the place of the group's. It and Fair must be
	// set before the claim is made.
	Priority *int
	// Fair identifies who the request is from in a fair pool, whose keys take
	// turns. Requests with 0 have one key in common. See the function Key.
	Fair uint64
	// Lasting means that the request is a websocket's handshake, which will stay. It
	// must be set before the claim is made.
	Lasting bool
	// At is when the claim is made, or 0 if that is unknown. RetryAfter uses it.
	// It must be set before the claim is made.
	At netloop.Time
	// Again is true after GiveBack: the claim gets the place in the queue that it
	// has had, and the time that it has waited counts. It must be set before the
	// claim is made, in the same pool.
	Again bool

	worker *Worker
	tunnel bool
	err    error
	waited time.Duration // time spent in the queue before this claim was granted
	missed Want          // of a claim that has timed out

	// Guarded by the pool's mu.
	task       netloop.Task
	avoid      *Worker
	stake      *stake       // what it has of the limits; nil without a slot
	order      uint64       // order of arrival; a repeated request keeps its own, and one that is made Again
	since      netloop.Time // start of the wait; for a repeated request, moved back by its earlier wait
	queue      *queue       // nil unless waiting
	lane       *lane        // of the queue; nil unless waiting, and for a repeated request
	prev, next *Claim
}

// Worker returns the worker that the claim was granted on, or nil if it holds
// no slot.
func (c *Claim) Worker() *Worker { return c.worker }

// TryClaim takes a slot on the worker that the pool's settings choose. It never
// waits: ErrBusy means that Claim would wait, ErrFull that the queue has no
// room. avoid, if not nil, is a worker that has just failed this request:
// TryClaim prefers any other worker, and the request keeps its old place in the
// queue. The claim counts as in flight from the moment it is granted, so that a
// drain that starts in between sees it. The caller ends it with Claim.Release.
func (p *Pool) TryClaim(c *Claim, avoid *Worker) error {
	p.mu.Lock()
	defer p.unlock()
	return p.tryClaim(c, avoid)
}

func (p *Pool) tryClaim(c *Claim, avoid *Worker) error {
	switch {
	case p.closed:
		return ErrClosed
	case p.hopeless():
		return ErrFailed
	}
	repeated := p.repeats(avoid)
	if !repeated && !c.Again {
		p.last++
		c.order, c.waited = p.last, 0
	}
	c.avoid = avoid
	if p.asked { // a ticket that has come is for those who wait
		p.useTickets()
	}
	w := p.choose(c)
	if w != nil && !p.admit() {
		w = nil
	}
	switch {
	case w != nil:
		p.grant(c, w)
		return nil
	case p.isFull() && !repeated && p.victim(c) == nil:
		p.stats.Full++
		return ErrFull
	}
	return ErrBusy
}

// repeats reports whether a claim that avoids the worker is that of a request
// which has had a slot of the pool before.
func (p *Pool) repeats(avoid *Worker) bool { return avoid != nil && avoid.pool == p }

// isFull reports whether as many requests wait as may.
func (p *Pool) isFull() bool { return p.limit > 0 && p.waiting >= p.limit }

// choose returns the worker that c can have now, or nil.
func (p *Pool) choose(c *Claim) *Worker {
	if !p.open() {
		return nil
	}
	w := p.own(c)
	switch {
	case w == nil:
		return p.pick(c.avoid, c.Lasting)
	case p.hasSlot(w):
		return w
	}
	return nil
}

// grant gives the claim a slot of w.
func (p *Pool) grant(c *Claim, w *Worker) {
	p.countTurn(w)
	w.requests++
	w.served++
	p.arrive(w)
	p.file(w)
	p.stats.Requests++
	p.stats.Claims++
	p.running.add(c)
	c.worker, c.err, c.stake = w, nil, p.share.stake
	c.stake.n++
}

// Answered records that the worker has begun to answer, which proves that it
// can. As long as other workers are available, a worker that has never answered
// gets only a few requests at a time. Calls after the first cost nothing.
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

// ToTunnel turns the claim of a request into the claim of a tunnel, that is, of
// a websocket, for which a drain does not wait as long as for a request. It
// returns the claim that the caller must release; c no longer holds a slot.
func (c *Claim) ToTunnel() *Claim {
	c.Answered()
	w := c.worker
	p := w.pool
	p.mu.Lock()
	defer p.unlock()
	w.requests--
	w.tunnels++
	p.stats.Requests--
	p.stats.Tunnels++
	p.running.remove(c)
	w.signal()
	p.signalQuiet()
	tunnel := &Claim{worker: w, tunnel: true, stake: c.stake}
	c.drop()
	return tunnel
}

// Release gives the slot back, to the next request that waits for it. If the
// claim holds no slot, Release does nothing.
func (c *Claim) Release() { c.end(true) }

// GiveBack gives a slot back that was not used, to the next request that waits for
// it. The turn of the claim's key is over nevertheless.
func (c *Claim) GiveBack() { c.end(false) }

// end gives the slot back. used says that a request is done with it.
func (c *Claim) end(used bool) {
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
		p.running.remove(c)
	}
	if used {
		p.pace.done++
	} else {
		w.served--
	}
	w.unended = 0
	p.giveBack(c)
	c.drop()
	p.refile(w)
	w.signal()
	p.serve(w)
	p.signalQuiet()
	p.unlock()
}

// drop forgets the slot. It keeps the fields that a repeated request needs.
func (c *Claim) drop() { c.worker, c.tunnel, c.task, c.avoid, c.stake = nil, false, nil, nil, nil }
