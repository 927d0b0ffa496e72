package proxy

import (
	"time"

	"github.com/ldcorn/ldcorn/engine/head"
	"github.com/ldcorn/ldcorn/engine/http1"
	"github.com/ldcorn/ldcorn/engine/netloop"
)

// relayAnswer reads the worker's answer and relays it as it comes. With
// cancel, the client is watched.
func (a *attempt) relayAnswer(cancel bool) error {
	r, res := a.r, &a.res
	for {
		if err := a.readAnswerHead(); err != nil {
			return err
		}
		switch {
		case res.Status == 101 && r.head.Upgrade && res.Upgrade:
			r.unwatch()
			return a.becomeTunnel()
		case res.Status == 101:
			return a.badAnswer(errNotAsked)
		case res.Status >= 200:
			if err := a.awaitBody(); err != nil {
				return err
			}
			r.unwatch()
			return a.relayFinal(cancel)
		}
		if err := a.relayInterim(cancel); err != nil {
			return err
		}
	}
}

// errNotAsked is for an answer that switches protocols without being asked,
// or to another one. Only read.
var errNotAsked = &head.Error{Status: 502, Reason: "101 for a request that asks for no websocket"}

// readAnswerHead reads until a.res is parsed. While it waits for the first
// byte it holds no buffer.
func (a *attempt) readAnswerHead() error {
	a.res.Reset()
	for {
		if a.back.len() > 0 {
			n, err := a.res.Parse(a.back.bytes(), &a.r.snap.answerLimits)
			if err != nil {
				return a.badAnswer(err)
			}
			if n > 0 {
				a.headEnd = a.back.start + n
				a.back.consume(n)
				a.claim.Answered()
				a.r.markSpan(&a.r.rec.Span.Answered)
				return nil
			}
		}
		if err := a.readInTime(); err != nil && !a.goesOn(err) {
			return a.noAnswer(err)
		}
	}
}

// readBack reads from the worker, behind what is there already.
func (a *attempt) readBack() error {
	if a.back.len() == 0 {
		a.dropBack()
		if err := a.up.WaitReadable(a.t, 0); err != nil {
			return err
		}
		if a.heard {
			a.r.p.takeBody(&a.back)
		} else {
			a.r.p.takeFirst(&a.back)
		}
	}
	n, err := a.up.Read(a.t, a.back.room(), 0)
	if n == 0 {
		return err
	}
	a.back.grew(n)
	a.heard = true
	return nil
}

// bodyWait is how long the head of an answer waits for the first bytes of a
// body of known length.
const bodyWait = 100 * time.Millisecond

// awaitBody waits a moment for the body of an answer whose head has come alone.
// Uvicorn writes the two one after the other, and a busy system often lets the
// proxy run in between: then one write to the client takes both. A worker that
// dies in between has answered nothing, and its request can be repeated.
func (a *attempt) awaitBody() error {
	mode := a.res.BodyMode(a.r.isHead())
	if mode != http1.BodyLength || a.res.ContentLength == 0 || a.back.len() > 0 || a.headEnd == len(a.back.b) {
		return nil
	}
	a.r.t.SetDeadline(a.r.t.Now().Add(bodyWait))
	n, err := a.up.Read(a.r.t, a.back.b[a.headEnd:], 0) // a.res is made of what is before
	a.r.t.SetDeadline(0)
	switch {
	case n > 0:
		a.back.start, a.back.end = a.headEnd, a.headEnd+n
		return nil
	case err == netloop.ErrTimeout || a.goesOn(err):
		return nil
	}
	return a.noAnswer(err)
}

// noAnswer is the error for a worker's connection that ended, for whichever
// reason, before the head of an answer was complete.
func (a *attempt) noAnswer(err error) error {
	switch err {
	case netloop.ErrGone, errLate:
		return err
	case netloop.ErrStopped:
		return errStopping
	}
	u := &a.r.upload
	u.stop(a.r.t)
	if u.err != nil {
		return u.err
	}
	return a.workerBroke(err)
}

// badAnswer is errMalformed, with what is wrong noted for the logs. The
// client is not told: it could not do anything about it.
func (a *attempt) badAnswer(err *head.Error) error {
	a.why = "the worker's answer is malformed: " + err.Reason
	if err == http1.ErrHeadLong.Gateway() {
		a.why = "the head of the worker's answer is larger than max_response_header_size"
	}
	return errMalformed
}

// relayInterim passes an interim answer on, except 100 Continue, which is
// ldcorn's to give.
func (a *attempt) relayInterim(cancel bool) error {
	r := a.r
	if a.res.Status == 100 || r.gone {
		return nil
	}
	r.unwatch()
	r.answer = AnswerHead{Status: a.res.Status, Reason: a.res.Reason, Fields: a.res.Fields, Length: -1}
	err := r.client.SendInterim(r.t, &r.answer)
	if err != nil {
		err = r.clientFailed(err)
	}
	if cancel {
		r.watch()
	} else if err == ErrClientGone {
		return nil // the slot is held until the final answer
	}
	return err
}

// relayFinal relays the final answer.
func (a *attempt) relayFinal(cancel bool) error {
	r, res := a.r, &a.res
	if r.upload.sentAt.Load() != 0 {
		r.upload.end(r.t)
	}
	mode := res.BodyMode(r.isHead())
	r.rec.Status = res.Status
	r.answer = AnswerHead{Status: res.Status, Reason: res.Reason, Fields: res.Fields, edits: &r.toClient,
		Body: kinds[mode], Length: -1, Offers: res.OffersUpgrade}
	if mode != http1.BodyChunked && res.Status != 204 {
		r.answer.Length = res.ContentLength
	}
	a.bindClient()
	a.body = answerBody{a: a, mode: mode, left: res.ContentLength}
	if mode == http1.BodyChunked {
		a.chunks.Reset()
	}
	return a.relayBody(cancel)
}

// kinds are the ways in which an answer can end, as the client is told of them.
var kinds = [...]BodyKind{
	http1.BodyNone: BodyNone, http1.BodyLength: BodyLength, http1.BodyChunked: BodyStream, http1.BodyUntilClose: BodyUntilClose,
}

// complete ends the worker's part once its answer has been read whole: the
// slot is free before a slow client has taken the last byte. framed says that
// the end of the answer is not that of the connection.
func (a *attempt) complete(framed bool) {
	u := &a.r.upload
	u.end(a.t)
	a.finishUp(framed && !a.mayGoOn() && !a.bodyBehind() && a.res.KeepAlive && u.delivered && a.back.len() == 0)
}

// mayGoOn reports whether the app may still be at work though its answer is
// whole: one to a HEAD that tells no length may be a stream, which frameworks
// run for HEAD as for GET. Uvicorn reads the next request of the connection
// only once the app is done, so no other request may come to it. Closing it
// tells the app to stop.
func (a *attempt) mayGoOn() bool { return a.r.isHead() && a.res.ContentLength < 0 }

// bodyBehind reports whether the answer is of a status that has no body
// (RFC 9112 section 6.3), and yet its head tells of one. Uvicorn sends what the
// app gives it for one, in a second write, and the next request on the
// connection would have it for its answer.
func (a *attempt) bodyBehind() bool {
	return (a.res.Status == 204 || a.res.Status == 304) && (a.res.ContentLength > 0 || a.res.Chunked)
}
