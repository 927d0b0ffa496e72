package proxy

import (
	"net/http"
	"time"

	"github.com/ldcorn/ldcorn/engine/http1"
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
	x.out = x.appendReplyHead(x.out[:0], a)
	x.rec.Sent = -int64(len(x.out))
	x.begun = true
	body := a.Body
	if x.isHead() {
		body = nil
	}
	return x.write(x.out, body)
}

func (x *exchange) appendReplyHead(out []byte, a *plan.Answer) []byte {
	out = http1.AppendStatusLine(out, a.Status)
	for i := range a.Headers {
		out = http1.AppendField(out, a.Headers[i].Name, a.Headers[i].Value.Reveal())
	}
	if plan.HasBody(a.Status) {
		out = append(out, "Content-Length: "...)
		out = append(http1.AppendInt(out, int64(len(a.Body))), "\r\n"...)
	}
	out = append(out, "Date: "...)
	out = time.Now().UTC().AppendFormat(out, http.TimeFormat)
	out = append(out, "\r\n"...)
	out = http1.AppendField(out, "X-Request-ID", x.id)
	return append(x.appendConnection(out, x.keep), "\r\n"...)
}
