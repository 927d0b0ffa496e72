package proxy

import (
	"bytes"
	"io"

	"github.com/ldcorn/ldcorn/engine/head"
	"github.com/ldcorn/ldcorn/engine/http1"
	"github.com/ldcorn/ldcorn/engine/netloop"
)

// An ahead reads the worker's answer ahead of a client that takes it slowly, so
// that the slot is free once the app is done (response_buffer).
//
// As long as the client takes everything at once, nothing is read ahead. When it
// does not, a fork begins to read the answer into a buffer, and the request's task,
// which alone sends to the client, sends from there. When the client has caught up,
// the fork ends, and the request's task relays the answer itself again. While the
// fork runs, only it uses the attempt and its answerBody.
type ahead struct {
	a    *attempt
	held func(taken int64) // begin, made once
	run  func(netloop.Task)

	// Of the request's task.
	armed   bool         // between arm and disarm
	on      bool         // between begin and finish
	counted bool         // begin has counted what a splice has taken
	fork    netloop.Fork // nil = none
	first   readBuffer   // what was being sent when the fork began
	out     readBuffer   // what is sent now

	// Of the fork until it has ended, then of the request's task.
	rest  []byte // taken of the answer and not kept, because there is no room
	whole bool   // the answer has come whole
	err   error  // of the worker's side

	pipe pipe // from the fork to the request's task
}

// init makes an attempt ready for requests of r.
func (a *attempt) init(r *Request) {
	a.r = r
	a.ahead.a = a
	a.ahead.held, a.ahead.run = a.ahead.begin, a.ahead.read
}

// arm has the answer read ahead from when the client does not take it at once.
func (h *ahead) arm() {
	r := h.a.r
	size := r.answerBuffer()
	if size == 0 || r.gone || h.a.res.Seen().Has(head.KindXAccelBuffering) && h.a.isUnbuffered() {
		return
	}
	h.armed = true
	h.pipe.reset(r.p, size)
	r.client.OnHeld(r.t, h.held)
}

// answerBuffer returns the size of the buffer for the answer: that of the newest
// plan, if that has the group, because the request can have waited for long.
func (r *Request) answerBuffer() int64 {
	set := r.hand.group.Load()
	if newest := r.p.Snapshot(); newest != r.snap {
		if g := newest.Plan.Group(set.Name); g != nil {
			set = g
		}
	}
	return set.ResponseBufferSize()
}

// isUnbuffered reports whether the worker asks for an answer that is not buffered,
// as it would ask nginx.
func (a *attempt) isUnbuffered() bool {
	for i := range a.res.Fields {
		if f := &a.res.Fields[i]; f.Kind == head.KindXAccelBuffering && bytes.EqualFold(f.Value, no) {
			return true
		}
	}
	return false
}

var no = []byte("no")

// disarm ends what arm has begun, and drops what the client has not taken.
func (h *ahead) disarm() {
	if h.armed {
		h.armed = false
		h.stop()
		h.a.r.client.OnHeld(h.a.r.t, nil)
	}
}

// stop ends the fork and drops what was kept.
func (h *ahead) stop() {
	if h.fork != nil {
		h.fork.Interrupt()
		h.join()
	}
	if h.on {
		h.on = false
		h.release()
	}
}

// join waits until the fork has ended.
func (h *ahead) join() {
	f, t := h.fork, h.a.r.t
	h.fork = nil
	f.Wait(t)
	h.a.t = t
}

func (h *ahead) release() {
	h.pipe.release()
	h.a.r.p.putBody(&h.first)
	h.a.r.p.putBody(&h.out)
}

// begin starts the fork. It is called when the client does not take what is being
// sent, of which a splice has taken some from the worker.
func (h *ahead) begin(taken int64) {
	a, b := h.a, &h.a.body
	h.counted = true
	if b.mode == http1.BodyLength {
		b.left -= taken
	}
	switch {
	case a.up == nil: // what is being sent is the rest
		a.r.hand.sending.Store(true)
		return
	case taken > 0 && b.left == 0:
		h.complete(true)
		return
	}
	h.first, a.back = a.back, readBuffer{}
	h.rest, h.whole, h.err = nil, false, nil
	h.pipe.open(a.r.hand.client)
	h.on, h.fork = true, a.r.t.Fork(h.run)
}

// complete is attempt.complete for an answer that the client takes slowly.
func (h *ahead) complete(framed bool) {
	h.a.complete(framed)
	h.a.r.hand.sending.Store(true)
}

// read is the fork.
func (h *ahead) read(t netloop.Task) {
	defer h.pipe.end(t)
	h.a.t = t
	for h.readPart(t) {
	}
}

// readPart reads a part of the answer and keeps it. It returns false when there is
// nothing more to do for the fork.
func (h *ahead) readPart(t netloop.Task) bool {
	a, b := h.a, &h.a.body
	h.pipe.awaits(true)
	err := a.readBack()
	h.pipe.awaits(false)
	if err == io.EOF && b.mode == http1.BodyUntilClose {
		h.whole = true
		h.complete(false)
		return false
	}
	if err == netloop.ErrEnough || err == netloop.ErrStopped {
		return false // the rest is for the request's task
	}
	if err != nil {
		h.failed(a.partError(err, nil))
		return false
	}
	part, whole, err := b.take()
	if err != nil {
		h.failed(err)
		return false
	}
	if whole {
		h.whole = true
		h.complete(true)
	}
	h.rest = h.pipe.write(t, part)
	return !whole && len(h.rest) == 0
}

// failed ends the worker's part of an answer that has broken off.
func (h *ahead) failed(err error) {
	h.err = err
	h.a.lose()
}

// move sends a part of what was kept, in the request's task. Once the client has all
// of it, the fork ends. whole says that the part was the last one of the answer.
func (h *ahead) move() (whole bool, err error) {
	h.a.r.p.putBody(&h.first)
	switch have, err := h.pipe.await(h.a.r.t); {
	case err != nil:
		return false, h.a.r.clientFailed(err)
	case have:
		return h.sendKept()
	case h.fork != nil:
		h.fork.Interrupt()
		h.join() // it may have kept something meanwhile
		return false, nil
	}
	return h.finish()
}

// sendKept sends some of what was kept.
func (h *ahead) sendKept() (last bool, err error) {
	n, err := h.pipe.take(h.a.r.t, &h.out)
	if err != nil {
		return false, h.lost(err)
	}
	if last = h.isLast(); last {
		if h.fork != nil {
			h.join()
		}
		h.on = false
		defer h.release()
	}
	r := h.a.r
	return last, r.send(h.out.b[:n], last, h.a.body.trailers(last))
}

// isLast reports whether what was taken from the pipe is the end of the answer.
func (h *ahead) isLast() bool { return h.pipe.isDrained() && h.whole && len(h.rest) == 0 }

// lost returns the error for what was kept and cannot be read.
func (h *ahead) lost(err error) error {
	if err == netloop.ErrStopped {
		return h.a.r.clientFailed(err)
	}
	return errLostAnswer
}

// finish is called when the fork has ended and the client has all that was kept.
// The request's task goes on alone, with what the fork has left.
func (h *ahead) finish() (whole bool, err error) {
	r := h.a.r
	h.on = false
	h.release()
	rest, whole, err := h.rest, h.whole, h.err // sending may start another fork
	switch {
	case err != nil:
		return false, err
	case !whole:
		r.client.OnHeld(r.t, h.held)
	}
	if len(rest) == 0 && !whole {
		return false, nil
	}
	return whole, r.send(rest, whole, h.a.body.trailers(whole))
}
