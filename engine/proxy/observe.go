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
func (x *exchange) observe() {
	x.told = true
	o := x.p.opts.Observer
	if o == nil {
		return
	}
	r := &x.rec
	r.Request, r.ID = &x.req, x.id
	r.Client = x.sender().addr
	r.Sent = max(r.Sent, 0)
	r.Took = netloop.Now().Sub(r.begun)
	o.Observe(&r.Result)
	r.Request, r.Line, r.ID = nil, nil, nil
}

// observeEnd is observe for a request that ended with err, nil for a whole
// answer, unless it was told of already.
func (x *exchange) observeEnd(err error) {
	switch {
	case x.told:
		return
	case x.rec.Kind != "" || err == nil && !x.gone || err == errTaken:
	case x.gone || err == netloop.ErrGone:
		x.rec.Fault(result.KindGone, "the client left")
		if x.stalled {
			x.rec.Reason = "the client took too little of the answer for too long"
		}
		if !x.begun {
			x.rec.Status = result.StatusGone
		}
	default:
		x.rec.Fault(result.KindCut, cmp.Or(x.why, "the worker's answer ended early"))
		if f, ok := err.(*failure); ok {
			x.rec.Fault(f.kind, f.reason)
		}
	}
	x.observe()
}

// maxLine is how much is told of what came instead of a good head.
const maxLine = 256
