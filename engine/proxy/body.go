package proxy

import (
	"io"

	"github.com/ldcorn/ldcorn/engine/http1"
	"github.com/ldcorn/ldcorn/engine/netloop"
)

// relayLength relays an answer of known length of which some is still to
// come.
func (x *exchange) relayLength(cancel bool) error {
	x.begun = true
	probe := x.probeBody()
	left := x.res.ContentLength - int64(x.back.len())
	err := x.write(x.out, x.back.bytes())
	x.back.clear()
	for left > 0 && err == nil {
		var n int64
		n, err = x.relayPart(left, probe)
		if left -= n; left == 0 {
			x.complete(true)
		}
	}
	if err == nil || cancel {
		return err
	}
	return x.discard(err, left)
}

// spliceFrom is the size from which a splice is worth its set-up.
const spliceFrom = 64 << 10

// relayPart relays some of a body of known length. It returns what was taken
// from the worker.
func (x *exchange) relayPart(left int64, probe []byte) (int64, error) {
	if left >= spliceFrom {
		n, rerr, werr := x.splicePart(left, probe)
		if werr != nil || rerr != netloop.ErrNoSplice || n > 0 {
			return n, x.partError(rerr, werr)
		}
	}
	if err := x.readBackWatching(probe); err != nil {
		return 0, x.partError(err, nil)
	}
	part := x.back.bytes()
	part = part[:min(int64(len(part)), left)]
	x.back.consume(len(part))
	return int64(len(part)), x.write(part, nil)
}

func (x *exchange) splicePart(left int64, probe []byte) (moved int64, readErr, writeErr error) {
	x.dropBack()
	x.t.Watch(x.c, probe)
	moved, readErr, writeErr = x.up.Splice(x.t, x.c, left, 0, x.p.stall)
	x.t.Watch(nil, nil)
	x.rec.Sent += moved
	return moved, readErr, writeErr
}

// partError is the error for a part that was not relayed whole.
func (x *exchange) partError(readErr, writeErr error) error {
	switch {
	case readErr == netloop.ErrGone || writeErr != nil:
		x.gone, x.stalled = true, writeErr == netloop.ErrTimeout
		return errClientGone
	case readErr == nil || readErr == netloop.ErrNoSplice:
		return nil
	}
	x.broken = true
	return errCut
}

// maxDiscard is how much of an answer is read to its end for a client that is
// gone, so that the slot is held for as long as the app works on it.
const maxDiscard = 1 << 20

// discard reads the rest of an answer that nobody waits for any more; one
// that would take long is cut, which frameworks notice.
func (x *exchange) discard(err error, left int64) error {
	if err != errClientGone || left > maxDiscard {
		return err
	}
	for left > 0 {
		x.back.clear()
		if x.readBack() != nil {
			x.broken = true
			return err
		}
		n := min(left, int64(x.back.len()))
		x.back.consume(int(n))
		left -= n
	}
	x.complete(true)
	return err
}

// relayChunked relays a chunked answer, each read of it as one chunk, or as
// it is for a client that knows no chunks. The head in x.out goes with the
// first.
func (x *exchange) relayChunked() error {
	x.chunks.Reset()
	probe := probeChunk
	if x.raw {
		probe = x.probeBody()
	}
	for {
		done, err := x.recodeBack()
		if err != nil {
			return err
		}
		if done {
			x.complete(true)
		}
		if len(x.out) > 0 {
			x.begun = true
			if err := x.write(x.out, nil); err != nil {
				return err
			}
			x.out = x.out[:0]
		}
		if done {
			return nil
		}
		if err := x.readBackWatching(probe); err != nil {
			return x.partError(err, nil)
		}
	}
}

// recodeBack appends what has come of a chunked answer to what is to be
// written.
func (x *exchange) recodeBack() (done bool, err error) {
	recode := appendRecoded
	if x.raw {
		recode = appendDecoded
	}
	before := x.chunks.Count()
	out, n, done, fault := recode(x.out, &x.chunks, x.back.bytes())
	x.t.Spend(x.chunks.Count() - before)
	x.out = out
	x.back.consume(n)
	switch {
	case fault != nil && !x.begun:
		return false, x.badAnswer(fault.Gateway())
	case fault != nil:
		x.why = "the worker's answer is malformed: " + fault.Reason
		return false, errCut
	case done && !x.raw:
		trailers := x.chunks.Trailers()
		if !x.req.TETrailers {
			trailers = nil
		}
		x.out = http1.AppendLastChunk(x.out, trailers)
	}
	return done, nil
}

// relayUntilClose relays an answer that ends with the connection.
func (x *exchange) relayUntilClose() error {
	x.begun = true
	probe := x.probeBody()
	err := x.write(x.out, x.back.bytes())
	for err == nil {
		x.back.clear()
		if err = x.readBackWatching(probe); err == io.EOF {
			x.complete(false)
			return nil
		}
		if err != nil {
			return x.partError(err, nil)
		}
		err = x.write(x.back.bytes(), nil)
	}
	return err
}
