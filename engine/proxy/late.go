package proxy

import "github.com/ldcorn/ldcorn/engine/netloop"

// readInTime is readBack for the head of an answer: with errLate when
// request_timeout is over. The time runs while nothing but the worker is
// waited for: from when it has the whole request. How long it may take none
// of a body is for the upload to see.
func (x *exchange) readInTime() error {
	for x.limit > 0 {
		from := netloop.Time(x.upload.sentAt.Load())
		x.t.SetDeadline(orNow(from, x.t).Add(x.limit))
		err := x.readBack()
		x.t.SetDeadline(0)
		if err != netloop.ErrTimeout {
			return err
		}
		if from != 0 {
			return errLate
		}
	}
	return x.readBack()
}

func orNow(at netloop.Time, t netloop.Task) netloop.Time {
	if at == 0 {
		return t.Now()
	}
	return at
}

// finishLate answers a client whose time is over, while its slot is held
// until the worker has answered: nothing tells otherwise when the app is done.
// That may be never, so the observer is told now. A worker that does not have
// the whole request would wait for it for ever.
func (x *exchange) finishLate() error {
	x.upload.stop()
	if !x.upload.delivered {
		return errLate
	}
	x.keep = false
	x.writeError(errLate.kind, errLate.status, errLate.reason)
	_ = x.c.CloseWrite() // the client may be gone
	x.observe()
	x.gone, x.limit = true, 0
	_ = x.relayAnswer(false) // to nobody
	return errAnswered
}
