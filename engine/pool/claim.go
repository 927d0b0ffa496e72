package pool

import "github.com/ldcorn/ldcorn/engine/netloop"

// A Claim is one request's slot on a worker, or its place in the queue. The
// zero Claim is ready for use, and may be used again once released.
type Claim struct {
	worker *Worker
	tunnel bool
	err    error

	task       netloop.Task
	queued     bool // guarded by the pool's mu, as are prev and next
	prev, next *Claim
}

// Worker is the worker the claim was granted on.
func (c *Claim) Worker() *Worker { return c.worker }

// ToTunnel turns the claim of a request into that of a tunnel: a websocket,
// which a drain does not wait for as long as for a request. It returns the
// claim to release in the end; c holds none any more.
func (c *Claim) ToTunnel() *Claim {
	w := c.worker
	w.pool.mu.Lock()
	defer w.pool.mu.Unlock()
	w.requests--
	w.tunnels++
	w.signal()
	c.worker, c.task = nil, nil
	return &Claim{worker: w, tunnel: true}
}

// Release gives the slot back, to the head of the queue if anybody waits.
// On a claim that holds none it does nothing.
func (c *Claim) Release() {
	w := c.worker
	if w == nil {
		return
	}
	p := w.pool
	p.mu.Lock()
	if c.tunnel {
		w.tunnels--
	} else {
		w.requests--
	}
	c.worker, c.tunnel, c.task = nil, false, nil
	if w.retired {
		w.signal()
	} else if p.queue.len > 0 {
		p.dispatch()
	}
	p.mu.Unlock()
}
