package proxy

import (
	"errors"
	"io/fs"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/ldcorn/ldcorn/engine/http1"
	"github.com/ldcorn/ldcorn/engine/netloop"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/pool"
)

// An attempt is a request at one worker: the slot, the connection, and what has
// come of the answer. A request makes a few of them, one after the other.
type attempt struct {
	r       *Request
	t       netloop.Task // that has the worker's side: the request's, or the fork of ahead
	claim   pool.Claim
	up      netloop.Conn  // to the worker; nil before it is there and after it was given back
	limit   time.Duration // for the worker to begin its answer; 0 = none
	heard   bool          // the worker has said something
	broken  bool          // the connection broke while it was in use
	finish  bool          // the worker's answer is awaited also if the client leaves
	left    bool          // the client did so before the answer
	back    readBuffer    // what was read of it
	headEnd int           // in back, of the head that res was parsed from
	res     http1.Response
	chunks  http1.Chunked
	body    answerBody
	ahead   ahead
	granted atomic.Int64  // the netloop.Time when the slot was; others may read it
	held    time.Duration // for which the request had the slots that it has given back
	why     string        // what was wrong, for the logs; "" = nothing
}

// run sends the request to the claimed worker and relays its answer. It returns
// with the slot given back, except for errTaken. errRefused, errRepeat and
// errRepeatOnce ask for another attempt.
func (a *attempt) run(set *plan.Group) error {
	a.why = ""
	a.t = a.r.t
	err := a.connect()
	if err == nil {
		a.limit = set.RequestTimeout
		finish := set.FinishesAbandoned()
		err = a.relay(!finish)
		if err == errLate && finish {
			err = a.finishLate()
		}
	}
	if err == errTaken {
		return err
	}
	a.lose()
	a.dropBack()
	return err
}

// lose ends the worker's part of a request as if it had not answered.
func (a *attempt) lose() {
	a.r.upload.stop(a.t)
	if a.broken {
		a.doubtWorker()
	}
	a.finishUp(false)
}

// reset makes the attempt fit for another connection of a client.
func (a *attempt) reset() {
	a.up = nil
	a.dropBack()
	a.res.Reset()
	if cap(a.res.Fields) > maxFields {
		a.res = http1.Response{}
	}
}

// dropBack returns the buffer for the worker's answer, and what is in it.
func (a *attempt) dropBack() { a.r.p.putBody(&a.back) }

// closeUp gives up the worker's connection.
func (a *attempt) closeUp() {
	if a.up != nil {
		a.up.Close()
		a.up = nil
	}
}

// finishUp ends the worker's part of the request: the slot goes back, and
// the connection with it if it is fit for another request. A second call
// does nothing.
func (a *attempt) finishUp(reusable bool) {
	w := a.claim.Worker()
	if a.up != nil && reusable && w != nil {
		w.PutIdle(a.up, a.t.Now().Add(upstreamIdle))
		a.up = nil
	}
	a.closeUp()
	if w != nil {
		a.held = a.slotTime(a.t)
	}
	a.claim.Release()
}

// slotTime returns for how long the request has had slots.
func (a *attempt) slotTime(t netloop.Task) time.Duration {
	if a.claim.Worker() == nil {
		return a.held
	}
	return a.held + max(t.Now().Sub(netloop.Time(a.granted.Load())), 0) // the task's clock may lag
}

// doubtWait bounds the dial to a worker in doubt. One whose backlog is full is
// not dead.
const doubtWait = 50 * time.Millisecond

// doubtWorker finds out whether the worker whose connection broke is alive,
// before the slot is given back: no other request is to learn at its own cost
// that the worker is dead.
func (a *attempt) doubtWorker() {
	a.r.wary = true
	w := a.claim.Worker()
	if w == nil {
		return
	}
	a.closeUp()
	w.Doubt()
	t := a.t
	up, err := t.Dial(w.Upstream(), doubtWait)
	switch {
	case err == nil && w.Ending():
		up.Close()
		w.Expel()
		return
	case err == nil:
		w.PutIdle(up, t.Now().Add(upstreamIdle))
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

// relay sends the request on the worker's connection, and relays the answer.
// With cancel, a client that goes away cancels the request: otherwise its slot
// is held until the worker has answered (client_disconnect).
func (a *attempt) relay(cancel bool) error {
	r := a.r
	a.heard = false
	if err := a.sendHead(); err != nil {
		return err
	}
	if !r.upload.received {
		r.client.AskForBody(r.t)
	}
	whole := r.upload.delivered
	if !whole {
		r.upload.start() // from here on, the upload is its task's
	}
	a.finish = !cancel
	a.left = false
	if cancel || whole {
		r.watch()
		defer r.unwatch()
	}
	err := a.relayAnswer(cancel)
	if a.left && err != nil && err != errLate && err != errTaken {
		return netloop.ErrGone // nobody waits for another attempt
	}
	return err
}

// goesOn reports whether err says no more than that the client is gone, while
// the request is to be finished. It notes that the answer is for nobody.
func (a *attempt) goesOn(err error) bool {
	if err != netloop.ErrGone || !a.finish {
		return false
	}
	a.r.unwatch()
	a.left, a.r.gone = true, true
	return true
}

// connect takes an idle connection to the worker, or a new one. No other
// request needs to find out that a worker's socket refuses.
func (a *attempt) connect() error {
	r, w := a.r, a.claim.Worker()
	a.broken = false
	up, err := a.dial(w)
	if err == netloop.ErrShort {
		// Others have all descriptors. They give them back one by one.
		r.watch()
		for tries := 1; err == netloop.ErrShort && tries < shortDials; tries++ {
			up, err = a.dial(w)
		}
		r.unwatch()
	}
	switch err {
	case nil:
		a.up = up
		r.markSpan(&r.rec.Span.Connected)
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
	a.why = "the worker accepts no connection"
	return errRepeat // nothing was sent
}

// shortDials is how often a request that finds no file descriptor waits for
// dialWait.
const shortDials = 6

// dial returns an idle connection to the worker, or a new one. A request under
// which a connection has broken takes no idle one any more: it may be as dead.
func (a *attempt) dial(w *pool.Worker) (netloop.Conn, error) {
	if !a.r.wary {
		if up := w.TakeIdle(a.r.t.Loop()); up != nil {
			return up, nil
		}
	}
	return a.r.t.Dial(w.Upstream(), dialWait)
}

// sendHead writes the request's head, and what goes with it of its body.
func (a *attempt) sendHead() error {
	r := a.r
	r.upload.rewind()
	r.out = a.appendRequestHead(r.out[:0])
	var rest []byte
	var err error
	if r.out, rest, err = r.upload.appendFirst(r.out); err != nil {
		return err
	}
	n, err := a.up.Write(r.t, r.out, rest, r.p.stall)
	switch {
	case err == nil:
		r.upload.sentFirst()
		return nil
	case err == netloop.ErrStopped:
		return errStopping
	case n == 0:
		a.broken = err != netloop.ErrTimeout
		a.why = "the worker closed its connection before it was sent the request"
		return errRepeat
	}
	return a.workerBroke(err)
}

// workerBroke is the error for a worker's connection that broke with err before
// anything of the answer was sent to the client except interim ones. A request
// goes to another worker where sending it twice does no harm and all of it is
// still at hand.
func (a *attempt) workerBroke(err error) error {
	a.broken = true
	a.why = "the worker closed its connection before it answered"
	if a.heard {
		a.why = "the worker closed its connection in the head of its answer"
	}
	switch {
	case !a.r.idempotent() || a.r.upload.consumed:
		return errBadGateway
	case !a.heard && a.unread(err):
		return errRepeat
	}
	return errRepeatOnce
}

// unread reports whether the worker cannot have seen the whole request. A unix
// socket tells: Linux resets it if its peer closes before it has read
// everything, and ends the stream otherwise. The app may have had a part of a
// body.
func (a *attempt) unread(err error) bool {
	u := &a.r.upload
	return errors.Is(err, syscall.ECONNRESET) && u.received && u.got == 0
}
