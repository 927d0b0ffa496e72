package proxy

import (
	"cmp"

	"github.com/ldcorn/ldcorn/engine/netloop"
	"github.com/ldcorn/ldcorn/engine/result"
)

// A record is the result of a request that has not ended.
type record struct {
	result.Result
	begun netloop.Time // when the head was complete
}

// begin starts the record of a request whose head has come.
func (r *record) begin(now netloop.Time) {
	*r = record{Result: result.Result{Worker: -1}, begun: now}
}

// observe gives the record to the observer. The head must still be there.
func (r *Request) observe() {
	r.told = true
	o := r.p.opts.Observer
	if o == nil {
		return
	}
	rec := &r.rec
	rec.Request, rec.ID = r.head, r.id
	rec.Client, rec.Ignored = r.sender().addr, r.sender().ignored
	rec.TLS = r.sender().tls
	rec.Received = r.upload.got
	rec.Sent = max(r.client.Sent(), 0)
	rec.Took = netloop.Now().Sub(rec.begun)
	if rec.Worker >= 0 {
		rec.Held = r.attempt.slotTime(r.t)
	}
	r.describeSpan()
	o.Observe(&rec.Result)
	rec.Request, rec.Line, rec.ID, rec.Answer, rec.Span.State = nil, nil, nil, nil, nil
}

// observeEnd observes a request that ended with err, which is nil for a whole answer.
// It does nothing if the observer has the request already.
func (r *Request) observeEnd(err error) {
	switch {
	case r.told:
		return
	case r.rec.Kind != "" || err == nil && !r.gone || err == errTaken:
	case r.p.aborted.Load(): // whatever has ended first: the client, the worker, or the wait for them
		r.rec.Fault(errCutByStop.kind, errCutByStop.reason)
		if !r.begun {
			r.rec.Status = errCutByStop.status
		}
	case r.gone || err == netloop.ErrGone:
		r.rec.Fault(result.KindGone, "the client left")
		if r.stalled {
			r.rec.Reason = "the client took too little of the answer for too long"
		}
		if !r.begun {
			r.rec.Status = result.StatusGone
		}
	default:
		r.rec.Fault(result.KindCut, cmp.Or(r.attempt.why, "the worker's answer ended early"))
		if f, ok := err.(*failure); ok {
			r.rec.Fault(f.kind, f.reason)
		}
	}
	r.observe()
}

// maxLine limits result.Result.Line.
const maxLine = 256
