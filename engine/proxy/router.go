package proxy

import (
	"net/http"
	"time"

	"github.com/ldcorn/ldcorn/engine/http1"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/pool"
)

// Routed is what a router said of a request; "" where there is none.
type Routed string

// What a router says, one word each, for logs and metrics.
const (
	RoutedNone     Routed = "none"     // the routes find the group
	RoutedGroup    Routed = "group"    // one that it named
	RoutedRespond  Routed = "respond"  // an answer of its own
	RoutedRedirect Routed = "redirect" // likewise
	RoutedError    Routed = "error"    // it failed
)

// route finds the pool of the request: as the router says, else by the
// routes. Nil without an error is an answer of the router.
func (x *exchange) route() (*pool.Pool, error) {
	defer x.view.Release() // a large table is for the routes only
	x.key, x.reply = "", nil
	x.toWorker[editsOfRequest], x.toClient[editsOfRequest] = nil, nil
	if r := x.snap.Plan.Router; r != nil {
		d, err := r.Route(&x.view)
		switch {
		case err != nil:
			x.rec.Router = RoutedError
			if x.snap.Plan.OnRouterError == plan.RouterReject {
				return nil, errRouter
			}
		case d.Answer != nil:
			x.rec.Router, x.reply = RoutedRespond, d.Answer
			if d.Answer.Redirect {
				x.rec.Router = RoutedRedirect
			}
			return nil, nil
		case d.Group != "":
			x.rec.Router, x.key = RoutedGroup, d.Key
			x.toWorker[editsOfRequest], x.toClient[editsOfRequest] = d.RequestHeaders, d.ResponseHeaders
			if target := x.snap.Pools[d.Group]; target != nil {
				return target, nil
			}
			return nil, errUnavailable
		default:
			x.rec.Router = RoutedNone
		}
	}
	x.view.Budget = x.snap.Routes.Cost()
	target, ok := x.snap.Routes.Match(&x.view)
	if x.view.Overspent() {
		return nil, errCostly
	}
	if !ok {
		return nil, errNoRoute
	}
	return target, nil
}

// sendReply sends the answer that the router has given. Nothing of the
// request's body has been asked for.
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
