package proxy

import (
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/pool"
)

// route decides who answers the request: the pool that it returns or, where
// there is neither a pool nor an error, ldcorn itself with x.reply.
func (x *exchange) route() (*pool.Pool, error) {
	defer x.view.Release() // a large table is for the routes only
	x.view.Budget = x.snap.Decider.Cost()
	o := x.snap.Decider.Decide(&x.view)
	if o.Router != "" {
		x.rec.Router = o.Router
	}
	x.key, x.reply = o.Key, o.Answer
	x.toWorker[editsOfRequest], x.toClient[editsOfRequest] = o.RequestHeaders, o.ResponseHeaders
	switch {
	case o.Refusal != nil:
		return nil, refusalOf(o.Refusal)
	case o.Answer == nil && o.Group == nil:
		return nil, errUnavailable
	}
	return o.Group, nil
}

// sendReply sends x.reply. Nothing of the request's body has been asked for.
func (x *exchange) sendReply() error {
	a := x.reply
	x.keep = x.keep && x.upload.received && !x.req.Upgrade && !x.t.Stopping()
	x.rec.Status = a.Status
	h := answerHead{status: a.Status, set: a.Headers, ours: true}
	if plan.HasBody(a.Status) {
		h.framing, h.length = framingLength, int64(len(a.Body))
	}
	x.out = x.appendHead(x.out[:0], &h)
	x.begun = true
	body := a.Body
	if x.isHead() {
		body = nil
	}
	return x.write(x.out, body)
}
