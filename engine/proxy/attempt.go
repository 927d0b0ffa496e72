package proxy

import (
	"errors"
	"io/fs"
	"syscall"
	"time"

	"github.com/ldcorn/ldcorn/engine/netloop"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/pool"
)

// attempt sends the request to the claimed worker and relays its answer. It
// returns with the slot given back, but for errTaken. errRefused, errRepeat and
// errRepeatOnce ask for another attempt.
func (x *exchange) attempt(set *plan.Group) error {
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
	if x.broken {
		x.doubtWorker()
	}
	x.finishUp(false)
	x.dropBack()
	return err
}

// doubtWait bounds the dial to a worker in doubt. One whose backlog is full is
// not dead.
const doubtWait = 50 * time.Millisecond

// doubtWorker looks whether the worker lives whose connection broke, before
// the slot is given back: nobody else is to learn at his request's cost that
// it does not.
func (x *exchange) doubtWorker() {
	x.wary = true
	w := x.claim.Worker()
	if w == nil {
		return
	}
	x.closeUp()
	w.Doubt()
	up, err := x.t.Dial(w.Upstream(), doubtWait)
	switch {
	case err == nil && w.Ending():
		up.Close()
		w.Expel()
		return
	case err == nil:
		w.PutIdle(up, x.t.Now().Add(upstreamIdle))
	case refuses(err):
		w.Expel()
		return
	}
	w.Trust()
}

// refuses reports whether a dial failed because nobody listens: the worker has
// ended, and will never accept again.
func refuses(err error) bool {
	return errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, fs.ErrNotExist)
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

// connect takes an idle connection to the worker, or a new one. A request
// under which a connection has broken takes no idle one any more: it may be as
// dead. No other request needs to find out that a worker's socket refuses.
func (x *exchange) connect() error {
	w := x.claim.Worker()
	x.broken = false
	up, err := x.dial(w)
	if err == netloop.ErrShort {
		// Others have all descriptors. They give them back one by one.
		x.watchClient()
		for tries := 1; err == netloop.ErrShort && tries < shortDials; tries++ {
			up, err = x.dial(w)
		}
		x.unwatchClient()
	}
	switch err {
	case nil:
		x.up = up
		return nil
	case netloop.ErrShort:
		return errShort
	case netloop.ErrGone:
		return err
	case netloop.ErrStopped:
		return errStopping
	}
	if refuses(err) {
		w.Expel()
		return errRefused
	}
	x.why = "the worker accepts no connection"
	return errRepeat // nothing was sent
}

// shortDials is how often a request that finds no file descriptor waits for
// dialWait.
const shortDials = 6

// dial returns an idle connection to the worker, or a new one.
func (x *exchange) dial(w *pool.Worker) (netloop.Conn, error) {
	if !x.wary {
		if up := w.TakeIdle(x.t.Loop()); up != nil {
			return up, nil
		}
	}
	return x.t.Dial(w.Upstream(), dialWait)
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
		x.broken = err != netloop.ErrTimeout
		x.why = "the worker closed its connection before it was sent the request"
		return errRepeat
	}
	return x.workerBroke(err)
}

// workerBroke is the error for a worker's connection that broke with err before
// anything of the answer was sent to the client but interim ones. A request
// goes to another worker where sending it twice does no harm and all of it is
// still at hand.
func (x *exchange) workerBroke(err error) error {
	x.broken = true
	x.why = "the worker closed its connection before it answered"
	if x.heard {
		x.why = "the worker closed its connection in the head of its answer"
	}
	switch {
	case !x.idempotent() || x.upload.consumed:
		return errBadGateway
	case !x.heard && x.unread(err):
		return errRepeat
	}
	return errRepeatOnce
}

// unread reports whether the worker cannot have seen the whole request. A unix
// socket tells: Linux resets it if its peer closes before it has read
// everything, and ends the stream otherwise. Of a body the app may have had a
// part.
func (x *exchange) unread(err error) bool {
	return errors.Is(err, syscall.ECONNRESET) && x.upload.received && len(x.upload.first) == 0
}

// survives reports whether a group can lose another worker to the same request
// and not fail as a whole: it fails once every worker has crashed more than
// max_restarts_on_crash times.
func survives(set *plan.Group) bool { return set.Instances+set.MaxRestartsOnCrash > 2 }

// idempotent reports whether sending the request twice is as good as once
// (RFC 9110 section 9.2.2).
func (x *exchange) idempotent() bool {
	switch string(x.req.Method) {
	case "GET", "HEAD", "OPTIONS", "PUT", "DELETE":
		return !x.req.Upgrade
	}
	return false
}
