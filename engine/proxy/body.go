package proxy

import (
	"io"

	"github.com/ldcorn/ldcorn/engine/head"
	"github.com/ldcorn/ldcorn/engine/http1"
	"github.com/ldcorn/ldcorn/engine/netloop"
)

// An answerBody is the body of a worker's answer, without the framing that it
// came in. It is the source of what relayBody sends.
type answerBody struct {
	a     *attempt
	mode  http1.BodyMode
	left  int64 // bytes still to come, with BodyLength
	begun bool  // the head has been sent, with what had come of the body
}

// relayBody relays the body from its source, the worker, to its sink, the
// client, part by part. The head goes with the first part.
func (a *attempt) relayBody(cancel bool) error {
	r, b := a.r, &a.body
	part, whole, err := b.take()
	if err != nil {
		return err
	}
	b.begun = true
	if whole {
		a.complete(true)
	} else {
		a.ahead.arm()
	}
	if !r.gone {
		r.beginAnswer(whole)
	}
	err = r.send(part, whole, b.trailers(whole))
	for err == nil && !whole {
		if a.ahead.on {
			whole, err = a.ahead.move()
		} else {
			whole, err = b.move()
		}
	}
	a.ahead.disarm()
	if err == nil || a.up == nil || cancel || b.mode != http1.BodyLength {
		return err
	}
	return b.discard(err)
}

// trailers are those of a body that has been read whole.
func (b *answerBody) trailers(whole bool) []head.Field {
	if !whole || b.mode != http1.BodyChunked {
		return nil
	}
	return b.a.chunks.Trailers()
}

// move moves a part of the body to the client. whole says that it was the last
// one.
func (b *answerBody) move() (whole bool, err error) {
	a, r := b.a, b.a.r
	if b.left >= spliceFrom && b.mode == http1.BodyLength {
		n, rerr, werr := b.splice()
		if werr != nil || rerr != netloop.ErrNoSplice || n > 0 {
			return !a.ahead.on && b.left == 0, a.partError(rerr, werr)
		}
	}
	r.watch()
	err = a.readBack()
	r.unwatch()
	if err == io.EOF && b.mode == http1.BodyUntilClose {
		a.complete(false)
		return true, r.send(nil, true, nil)
	}
	if err != nil {
		return false, a.partError(err, nil)
	}
	part, whole, err := b.take()
	if err != nil {
		return false, err
	}
	if whole {
		a.complete(true)
	}
	if len(part) == 0 && !whole {
		return false, nil
	}
	return whole, r.send(part, whole, b.trailers(whole))
}

// take takes what has been read of the body. The part is valid until the next
// read.
func (b *answerBody) take() (part []byte, whole bool, err error) {
	part, whole, err = b.unframe()
	if bond := &b.a.r.bond; bond.handshake && len(part) > 0 {
		bond.readHandshake(part)
	}
	return part, whole, err
}

// unframe removes the framing from what has been read of the body.
func (b *answerBody) unframe() (part []byte, whole bool, err error) {
	a := b.a
	switch part = a.back.bytes(); b.mode {
	case http1.BodyNone:
		// What comes behind the head stays, and marks the connection as unfit
		// for reuse.
		return nil, true, nil
	case http1.BodyLength:
		part = part[:min(int64(len(part)), b.left)] // likewise
		b.left -= int64(len(part))
		a.back.consume(len(part))
		return part, b.left == 0, nil
	case http1.BodyChunked:
		return b.decode(part)
	}
	a.back.clear()
	return part, false, nil
}

// decode decodes what has been read of a chunked body, in its place.
func (b *answerBody) decode(src []byte) (part []byte, whole bool, err error) {
	a := b.a
	before := a.chunks.Count()
	part, n, whole, fault := decodeChunks(&a.chunks, src)
	a.t.Spend(a.chunks.Count() - before)
	a.back.consume(n)
	switch {
	case fault == nil:
		return part, whole, nil
	case !b.begun:
		return nil, false, a.badAnswer(fault.Gateway())
	}
	a.why = "the worker's answer is malformed: " + fault.Reason
	return nil, false, errCut
}

// decodeChunks decodes what it can of a chunked body. The part is its
// data, and lies in src, which is overwritten. n counts the bytes that it took of src:
// fewer than all if the body ends there.
func decodeChunks(c *http1.Chunked, src []byte) (part []byte, n int, whole bool, err *head.Error) {
	for n < len(src) && !whole {
		data, m, end, err := c.Next(src[n:])
		if err != nil {
			return nil, n, false, err
		}
		switch {
		case len(data) == 0:
		case len(part) == 0:
			part = data // mostly all of it
		default:
			part = append(part, data...) // src has been read up to there
		}
		n, whole = n+m, end
		if m == 0 {
			break
		}
	}
	return part, n, whole, nil
}

// spliceFrom is the size from which a splice is worth its set-up.
const spliceFrom = 64 << 10

// splice moves a part of the body past this process.
func (b *answerBody) splice() (moved int64, readErr, writeErr error) {
	a := b.a
	if a.r.gone {
		return 0, nil, ErrClientGone
	}
	a.dropBack()
	a.ahead.counted = false
	moved, readErr, writeErr = a.r.client.SpliceAnswer(a.r.t, a.up, b.left)
	if a.ahead.counted {
		return moved, readErr, writeErr
	}
	if b.left -= moved; b.left == 0 {
		a.complete(true)
	}
	return moved, readErr, writeErr
}

// partError is the error for a part that was not relayed whole.
func (a *attempt) partError(readErr, writeErr error) error {
	switch {
	case writeErr != nil:
		return a.r.clientFailed(writeErr)
	case readErr == netloop.ErrGone:
		return a.r.clientFailed(ErrClientGone)
	case readErr == nil || readErr == netloop.ErrNoSplice:
		return nil
	}
	a.broken = true
	return errCut
}

// maxDiscard is how much of an answer is read to its end for a client that is
// gone, so that the slot is held for as long as the app works on it. It is more where
// the buffer for answers is larger.
const maxDiscard = 1 << 20

// discard reads the rest of an answer that nobody waits for. It cuts an answer that
// would take long, which frameworks notice.
func (b *answerBody) discard(err error) error {
	if err != ErrClientGone || b.left > max(maxDiscard, b.a.r.answerBuffer()) {
		return err
	}
	for whole := b.left == 0; !whole; {
		b.a.back.clear()
		if b.a.readBack() != nil {
			b.a.broken = true
			return err
		}
		_, whole, _ = b.take()
	}
	b.a.complete(true)
	return err
}
