package proxy

import "github.com/ldcorn/ldcorn/engine/netloop"

// readInTime is readBack for the head of an answer. It fails with errLate when
// request_timeout is over. The time runs while the request waits for nothing
// but the worker, which is from when the worker has the whole request. How long
// a worker may take none of a body is for the upload to see.
func (a *attempt) readInTime() error {
	t := a.r.t
	for a.limit > 0 {
		from := netloop.Time(a.r.upload.sentAt.Load())
		t.SetDeadline(orNow(from, t).Add(a.limit))
		err := a.readBack()
		t.SetDeadline(0)
		if err != netloop.ErrTimeout {
			return err
		}
		if from != 0 {
			return errLate
		}
	}
	return a.readBack()
}

func orNow(at netloop.Time, t netloop.Task) netloop.Time {
	if at == 0 {
		return t.Now()
	}
	return at
}

// finishLate answers a client whose time is over, while its slot is held
// until the worker has answered: nothing else tells when the app is done.
// That may be never, so the observer is told now. A worker that does not have
// the whole request would wait for it for ever.
func (a *attempt) finishLate() error {
	r := a.r
	r.upload.stop(r.t)
	if !r.upload.delivered {
		return errLate
	}
	r.writeError(errLate, true)
	r.hand.answering.Store(false) // the worker still has the request
	r.client.CloseWrite()
	r.observe()
	r.gone, a.limit = true, 0
	_ = a.relayAnswer(false) // to nobody
	return errAnswered
}
