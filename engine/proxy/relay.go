package proxy

import (
	"time"

	"github.com/ldcorn/ldcorn/engine/http1"
	"github.com/ldcorn/ldcorn/engine/netloop"
)

// relayAnswer reads the worker's answer and relays it as it comes. With
// cancel, the client is watched.
func (x *exchange) relayAnswer(cancel bool) error {
	for {
		if err := x.readAnswerHead(); err != nil {
			return err
		}
		switch {
		case x.res.Status == 101 && x.req.Upgrade && x.res.Upgrade:
			x.unwatchClient()
			return x.becomeTunnel()
		case x.res.Status == 101:
			return x.badAnswer(errNotAsked)
		case x.res.Status >= 200:
			if err := x.awaitBody(); err != nil {
				return err
			}
			x.unwatchClient()
			return x.relayFinal(cancel)
		}
		if err := x.relayInterim(cancel); err != nil {
			return err
		}
	}
}

// errNotAsked is for an answer that switches protocols without being asked,
// or to another one. Only read.
var errNotAsked = &http1.Error{Status: 502, Reason: "101 for a request that asks for no websocket"}

// readAnswerHead reads until x.res is parsed. While it waits for the first
// byte it holds no buffer.
func (x *exchange) readAnswerHead() error {
	x.res.Reset()
	for {
		if x.back.len() > 0 {
			n, err := x.res.Parse(x.back.bytes(), &x.snap.answerLimits)
			if err != nil {
				return x.badAnswer(err)
			}
			if n > 0 {
				x.headEnd = x.back.start + n
				x.back.consume(n)
				x.claim.Answered()
				return nil
			}
		}
		if err := x.readInTime(); err != nil {
			return x.noAnswer(err)
		}
	}
}

// readBack reads from the worker, behind what is there already.
func (x *exchange) readBack() error {
	if x.back.len() == 0 {
		x.dropBack()
		if err := x.up.WaitReadable(x.t, 0); err != nil {
			return err
		}
		if x.heard {
			x.p.takeBody(&x.back)
		} else {
			x.p.takeFirst(&x.back)
		}
	}
	n, err := x.up.Read(x.t, x.back.room(), 0)
	if n == 0 {
		return err
	}
	x.back.grew(n)
	x.heard = true
	return nil
}

// bodyWait is how long the head of an answer waits for the first bytes of a
// body of known length.
const bodyWait = 100 * time.Millisecond

// awaitBody waits a moment for the body of an answer whose head has come alone.
// Uvicorn writes the two one after the other, and a busy system often lets the
// proxy run in between: then one write to the client takes both. A worker that
// dies in between has answered nothing, and its request can be repeated.
func (x *exchange) awaitBody() error {
	mode := x.res.BodyMode(x.isHead())
	if mode != http1.BodyLength || x.res.ContentLength == 0 || x.back.len() > 0 || x.headEnd == len(x.back.b) {
		return nil
	}
	x.t.SetDeadline(x.t.Now().Add(bodyWait))
	n, err := x.up.Read(x.t, x.back.b[x.headEnd:], 0) // x.res is made of what is before
	x.t.SetDeadline(0)
	switch {
	case n > 0:
		x.back.start, x.back.end = x.headEnd, x.headEnd+n
		return nil
	case err == netloop.ErrTimeout:
		return nil
	}
	return x.noAnswer(err)
}

// noAnswer is the error for a worker's connection that ended, for whichever
// reason, before the head of an answer was complete.
func (x *exchange) noAnswer(err error) error {
	switch err {
	case netloop.ErrGone, errLate:
		return err
	case netloop.ErrStopped:
		return errStopping
	}
	x.upload.stop()
	if x.upload.err != nil {
		return x.upload.err
	}
	return x.workerBroke(err)
}

// relayInterim passes an interim answer on. 100 Continue is ours to give, and
// HTTP/1.0 knows none.
func (x *exchange) relayInterim(cancel bool) error {
	if x.res.Status == 100 || x.req.Minor == 0 {
		return nil
	}
	x.unwatchClient()
	x.out = x.appendHead(x.out[:0], &answerHead{status: x.res.Status, reason: x.res.Reason, fields: x.res.Fields})
	err := x.write(x.out, nil)
	if cancel {
		x.watchClient()
	} else if err == errClientGone {
		return nil // the slot is held until the final answer
	}
	return err
}

// relayFinal relays the final answer. From here on nothing but the answer is
// written to the client.
func (x *exchange) relayFinal(cancel bool) error {
	mode := x.res.BodyMode(x.isHead())
	x.rec.Status = x.res.Status
	x.raw = mode == http1.BodyUntilClose || mode == http1.BodyChunked && x.req.Minor == 0
	// What a client sends behind a handshake may be frames already, which are
	// no request though they may look like one.
	x.keep = x.keep && !x.raw && !x.t.Stopping() && !x.req.Upgrade
	part := x.back.bytes()
	whole := mode == http1.BodyNone
	if mode == http1.BodyLength && int64(len(part)) >= x.res.ContentLength {
		// What comes behind the body stays, and marks the connection as unfit
		// for reuse.
		part = part[:x.res.ContentLength]
		x.back.consume(len(part))
		whole = true
	}
	if whole {
		x.complete(true)
		x.out = x.appendAnswerHead(x.out[:0], mode)
		x.begun = true
		if mode == http1.BodyNone {
			part = nil
		}
		return x.write(x.out, part)
	}
	x.out = x.appendAnswerHead(x.out[:0], mode)
	switch mode {
	case http1.BodyLength:
		return x.relayLength(cancel)
	case http1.BodyChunked:
		return x.relayChunked()
	}
	return x.relayUntilClose()
}

// appendAnswerHead composes the head for the client: status and fields as
// they came, as the edits of the plan leave them, and with framing of our own.
func (x *exchange) appendAnswerHead(out []byte, mode http1.BodyMode) []byte {
	res := &x.res
	h := answerHead{status: res.Status, reason: res.Reason, fields: res.Fields, edits: &x.toClient, offers: res.OffersUpgrade}
	switch {
	case mode == http1.BodyChunked && x.req.Minor > 0:
		h.framing = framingChunked
	case res.ContentLength >= 0 && mode != http1.BodyChunked && res.Status != 204:
		h.framing, h.length = framingLength, res.ContentLength
	}
	return x.appendHead(out, &h)
}

// complete ends the worker's part once its answer has been read whole: the
// slot is free before a slow client has taken the last byte. framed says that
// the end of the answer is not that of the connection.
func (x *exchange) complete(framed bool) {
	x.upload.stop()
	x.keep = x.keep && x.upload.received
	x.finishUp(framed && !x.mayGoOn() && !x.bodyBehind() && x.res.KeepAlive && x.upload.delivered && x.back.len() == 0)
}

// mayGoOn reports whether the app may still be at work though its answer is
// whole: one to a HEAD that tells no length may be a stream, which frameworks
// run for HEAD as for GET. Uvicorn reads the next request of the connection
// only once the app is done, so no other request may come to it. Closing it
// tells the app to stop.
func (x *exchange) mayGoOn() bool { return x.isHead() && x.res.ContentLength < 0 }

// bodyBehind reports whether the answer is of a status that has no body
// (RFC 9112 section 6.3), and yet its head tells of one. Uvicorn sends what the
// app gives it for one, in a second write, and the next request on the
// connection would have it for its answer.
func (x *exchange) bodyBehind() bool {
	return (x.res.Status == 204 || x.res.Status == 304) && (x.res.ContentLength > 0 || x.res.Chunked)
}
