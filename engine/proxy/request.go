package proxy

import (
	"time"

	"github.com/ldcorn/ldcorn/engine/netloop"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/pool"
)

const (
	// upstreamIdle is how long a worker's connection waits for its next
	// request. Uvicorn closes after 75 s (engine/worker): the side that
	// reuses a connection must close it first.
	upstreamIdle = 60 * time.Second
	// dialWait bounds the connect to a worker's socket, which only waits
	// while the worker's backlog is full.
	dialWait = 10 * time.Second
	// defaultStall is Options.Stall for those who give none: that of nginx's
	// client_body_timeout and send_timeout.
	defaultStall = 60 * time.Second
	// requestPieces is what a request costs, reads and writes aside, in pieces
	// of netloop.Task.Spend: a client may send hundreds at once.
	requestPieces = 32
	// maxRepeats is how often a request that did not reach a worker is sent
	// again. One that may have is sent again once.
	maxRepeats = 2
)

// answerRequest serves the request in x.req. It reports true when the
// connection is ready for the next one.
func (x *exchange) answerRequest() (netloop.Verdict, bool) {
	x.keep, x.gone, x.begun, x.asked, x.raw = x.req.KeepAlive, false, false, false, false
	x.retry, x.told, x.why, x.wary, x.stalled = 0, false, "", false, false
	x.t.Spend(requestPieces)
	x.rec.begin(x.t.Now())
	x.setID()
	err := x.upload.begin()
	if err == nil {
		err = x.relayRequest()
	}
	v, ok := x.conclude(err)
	x.observeEnd(err)
	if ok {
		x.upload.finish()
	}
	return v, ok
}

// conclude ends a request: with an answer of ldcorn's own where there is none
// yet. It reports true when the connection is ready for the next one.
func (x *exchange) conclude(err error) (netloop.Verdict, bool) {
	if f, ok := err.(*failure); ok && !x.begun && !x.gone {
		return x.fail(f)
	}
	switch {
	case err == errAnswered:
		return x.hangUp(), false
	case err == errTaken:
		return x.taken(), false
	case err != nil || x.gone:
		return x.cutOff(), false
	case !x.keep:
		return x.hangUp(), false
	}
	return netloop.Verdict{}, true
}

// relayRequest finds the pool, claims a slot and relays, again on another
// worker where that is safe.
func (x *exchange) relayRequest() error {
	var failed *pool.Worker
	tried := false // to repeat the request, though a worker may have worked on it
	target, err := x.route()
	for repeats := 0; ; {
		switch {
		case err != nil:
			return err
		case target == nil:
			return x.sendReply()
		}
		set := target.Settings()
		x.rec.Group, x.rec.Pool = set.Name, target
		err = x.claimSlot(target, set, failed)
		if err == pool.ErrClosed {
			before := x.snap
			if x.loadSnapshot(); x.snap == before {
				return errUnavailable
			}
			x.rec.Group, x.rec.Pool = "", nil // the group was removed
			target, err = x.route()
			continue
		}
		if err != nil {
			return err
		}
		x.setEdits(set)
		failed = x.claim.Worker()
		x.rec.Worker = failed.Index
		switch err = x.attempt(set); err {
		case errRefused: // each worker can do that once
			x.rec.Repeats++
		case errRepeat:
			if repeats++; repeats > maxRepeats {
				return errBadGateway
			}
			x.rec.Repeats++
		case errRepeatOnce:
			if tried || !survives(set) {
				return errBadGateway
			}
			tried = true
			x.rec.Repeats++
		default:
			return err
		}
		err = nil
	}
}

// claimSlot takes a slot of the pool, in its queue if there is none free. A
// client that leaves the queue never reaches a worker.
func (x *exchange) claimSlot(target *pool.Pool, set *plan.Group, avoid *pool.Worker) error {
	if x.claim.Chosen = x.key != ""; x.claim.Chosen {
		x.claim.Key = pool.Key(x.key)
	} else {
		x.claim.Key = x.stickyKey(set.Sticky)
	}
	err := target.TryClaim(&x.claim, avoid)
	if err == pool.ErrBusy {
		x.watchClient()
		from := netloop.Now()
		err = target.Claim(x.t, &x.claim, avoid, x.snap.Plan.StartupTimeout)
		x.rec.Queued += netloop.Now().Sub(from)
		x.unwatchClient()
	}
	switch err {
	case pool.ErrFull, pool.ErrFailed, netloop.ErrTimeout:
		x.retry = target.RetryAfter(x.t.Now())
	}
	switch {
	case err == pool.ErrFull:
		return errQueueFull
	case err == pool.ErrFailed, err == netloop.ErrTimeout && target.Ready() == 0:
		return errUnavailable
	case err == netloop.ErrTimeout:
		return errQueueLate
	case err == netloop.ErrStopped:
		return errStopping
	}
	return err
}
