package proxy

import (
	"errors"
	"io/fs"
	"syscall"

	"github.com/ldcorn/ldcorn/engine/netloop"
	"github.com/ldcorn/ldcorn/engine/plan"
)

// attempt sends the request to the claimed worker and relays its answer. It
// returns with the slot given back, but for errTaken. errRepeat asks for
// another worker, errRefused as well.
func (x *exchange) attempt(set *plan.Pool) error {
	x.why = ""
	err := x.connect()
	if err == nil {
		x.limit = set.RequestTimeout
		finish := set.FinishesAbandoned()
		err = x.exchangeWith(!finish)
		if err == errLate && finish {
			err = x.finishLate()
		}
	}
	if err == errTaken {
		return err
	}
	x.upload.stop()
	x.finishUp(false)
	x.dropBack()
	return err
}

// exchangeWith sends the request on the worker's connection, and relays what
// comes back. With cancel, a client that goes away cancels the request:
// otherwise its slot is held until the worker has answered (client_disconnect).
func (x *exchange) exchangeWith(cancel bool) error {
	x.heard = false
	if err := x.sendHead(); err != nil {
		return err
	}
	if !x.upload.received {
		x.askForBody()
		x.upload.start()
	}
	if cancel {
		x.watchClient()
		defer x.unwatchClient()
	}
	return x.relayAnswer(cancel)
}

// connect takes an idle connection to the worker, or a new one. A worker whose
// socket refuses has ended, and will never accept again: no other request
// needs to find that out.
func (x *exchange) connect() error {
	w := x.claim.Worker()
	if x.up = w.TakeIdle(x.t.Loop()); x.up != nil {
		return nil
	}
	up, err := x.t.Dial(w.Socket, dialWait)
	switch err {
	case nil:
		x.up = up
		return nil
	case netloop.ErrStopped:
		return errStopping
	}
	if errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, fs.ErrNotExist) {
		w.Lost()
		return errRefused
	}
	x.why = "the worker accepts no connection"
	return errRepeat // nothing was sent
}

// sendHead writes the request's head, and as much of its body as has come
// with it.
func (x *exchange) sendHead() error {
	x.out = x.appendRequestHead(x.out[:0])
	n, err := x.up.Write(x.t, x.out, x.upload.first, x.p.stall)
	switch {
	case err == nil:
		x.upload.sentFirst()
		return nil
	case err == netloop.ErrStopped:
		return errStopping
	case n == 0:
		x.why = "the worker closed its connection before it was sent the request"
		return errRepeat
	}
	return x.lostWorker()
}

// lostWorker is the error for a worker's connection that ended before the
// head of an answer was complete. A request goes to another worker where
// sending it twice does no harm and all of it is still at hand; but not after
// a part of an answer, which says that this worker has worked on it.
func (x *exchange) lostWorker() error {
	x.why = "the worker closed its connection before it answered"
	if x.heard {
		x.why = "the worker closed its connection in the head of its answer"
	}
	if x.idempotent() && !x.upload.consumed && !x.heard {
		return errRepeat
	}
	return errBadGateway
}

// idempotent reports whether sending the request twice is as good as once
// (RFC 9110 section 9.2.2).
func (x *exchange) idempotent() bool {
	switch string(x.req.Method) {
	case "GET", "HEAD", "OPTIONS", "PUT", "DELETE":
		return !x.req.Upgrade
	}
	return false
}
