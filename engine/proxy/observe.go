package proxy

import (
	"cmp"

	"github.com/ldcorn/ldcorn/engine/netloop"
	"github.com/ldcorn/ldcorn/engine/result"
)

// A record is the result of a request that is being dealt with.
type record struct {
	result.Result
	begun netloop.Time // when the head had come
}

// begin starts the record of a request whose head has come.
func (r *record) begin(now netloop.Time) {
	*r = record{Result: result.Result{Worker: -1}, begun: now}
}

// observe hands the record on. The request must still be at hand.
func (r *Request) observe() {
	r.told = true
	o := r.p.opts.Observer
	if o == nil {
		return
	}
	rec := &r.rec
	rec.Request, rec.ID = r.head, r.id
	rec.Client = r.sender().addr
	rec.Sent = max(r.client.Sent(), 0)
	rec.Took = netloop.Now().Sub(rec.begun)
	o.Observe(&rec.Result)
	rec.Request, rec.Line, rec.ID = nil, nil, nil
}

// observeEnd is observe for a request that ended with err, nil for a whole
// answer, unless it was told of already.
func (r *Request) observeEnd(err error) {
	switch {
	case r.told:
		return
	case r.rec.Kind != "" || err == nil && !r.gone || err == errTaken:
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

// maxLine is how much is told of what came instead of a good head.
const maxLine = 256
