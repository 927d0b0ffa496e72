package proxy

import (
	"github.com/ldcorn/ldcorn/engine/netloop"
	"github.com/ldcorn/ldcorn/engine/plan"
)

// A client that does not take its answers fills its share of the buffers. Those in
// progress are kept nevertheless, so that they hold no slots. But its next requests
// get none before it has taken some: they are held back before they ask for a slot,
// or give it back at once if they waited in the queue meanwhile. The pool knows
// nothing of that, so it is not in the way of others.

// awaitTurn waits until the client may have a slot of a target.
func (r *Request) awaitTurn(target Target) error {
	s, client := r.p.buffers, r.hand.client
	if !s.HoldsBack(client) || !isScarce(target.Group) {
		return nil
	}
	r.bind(&r.attempt.claim, target)
	if err := target.Pool.Admits(&r.attempt.claim); err != nil {
		return r.unclaimed(target, err)
	}
	r.watch()
	from := netloop.Now()
	r.hand.heldBack.Store(true)
	r.waits(from, nil)
	err := s.AwaitTurn(r.t, client, max(target.Group.QueueTimeout, r.p.stall))
	r.waited(from)
	r.hand.heldBack.Store(false)
	r.unwatch()
	switch err {
	case netloop.ErrTimeout:
		r.retry = retryAfter(target.Pool, r.t.Now())
		return errOwes
	case netloop.ErrStopped:
		return errStopping
	}
	return err
}

// isHeldBack reports whether the request has a slot that its client should not get.
func (r *Request) isHeldBack(target Target) bool {
	return r.p.buffers.Owes(r.hand.client) && isScarce(target.Group)
}

// isScarce reports whether a request of a group takes something that others wait for:
// a slot, or room in the buffers.
func isScarce(g *plan.Group) bool {
	return g.HasCap() || g.ResponseBufferSize() > 0
}
