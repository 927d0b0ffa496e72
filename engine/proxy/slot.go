package proxy

import (
	"github.com/ldcorn/ldcorn/engine/netloop"
	"github.com/ldcorn/ldcorn/engine/pool"
)

// claimSlot takes a slot of the pool, in its queue if there is none free. The
// request of a client that is seen to leave the queue reaches no worker. A request
// that is repeated, on another worker than avoid, is not held back any more.
func (r *Request) claimSlot(target Target, avoid *pool.Worker) error {
	c := &r.attempt.claim
	c.Again = false
	for {
		if avoid == nil {
			if err := r.awaitTurn(target); err != nil {
				return err
			}
		}
		waited, err := r.claim(target, avoid)
		switch {
		case err != nil:
			return r.unclaimed(target, err)
		case waited && avoid == nil && r.isHeldBack(target):
			c.GiveBack()
			c.Again = true
		default:
			r.countBond(c, target.Pool, avoid)
			return nil
		}
	}
}

// claim claims a slot. It reports whether it has waited for it.
func (r *Request) claim(target Target, avoid *pool.Worker) (waited bool, err error) {
	c := &r.attempt.claim
	r.bind(c, target)
	c.At = r.t.Now()
	r.attempt.granted.Store(int64(c.At))
	err = target.Pool.TryClaim(c, avoid)
	if err != pool.ErrBusy {
		return false, err
	}
	r.watch()
	from := netloop.Now()
	r.waits(from, target.Pool)
	err = target.Pool.Claim(r.t, c, avoid, r.snap.Plan.StartupTimeout)
	r.attempt.granted.Store(int64(r.waited(from)))
	r.unwatch()
	return true, err
}

// unclaimed returns the error for a claim that ended with err.
func (r *Request) unclaimed(target Target, err error) error {
	switch err {
	case pool.ErrFull, pool.ErrEvicted, pool.ErrFailed, netloop.ErrTimeout:
		r.retry = retryAfter(target.Pool, r.t.Now())
	}
	switch {
	case err == pool.ErrFull:
		return errQueueFull
	case err == pool.ErrEvicted:
		return errEvicted
	case err == pool.ErrFailed, err == netloop.ErrTimeout && target.Pool.Ready() == 0:
		return errUnavailable
	case err == netloop.ErrTimeout:
		return queueLate(r.attempt.claim.Missed())
	case err == netloop.ErrStopped:
		return errStopping
	}
	return err
}
