package proxy

import (
	"github.com/ldcorn/ldcorn/engine/decide"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/pool"
)

// A Target is a group that requests are routed to: its pool, and its settings
// in the plan of the snapshot. The zero Target is none.
type Target struct {
	Pool  *pool.Pool
	Group *plan.Group
}

// route decides who answers the request: the group that it returns or, if there
// is neither a group nor an error, ldcorn itself with a file of r.static or r.reply.
func (r *Request) route() (Target, error) {
	defer r.view.Release() // a large table is for the routes only
	r.view.Budget = r.snap.Decider.Cost()
	return r.decided(r.snap.Decider.Decide(&r.view))
}

// routeBeyond is route for a request for which the static that route has found has no
// file.
func (r *Request) routeBeyond() (Target, error) {
	defer r.view.Release()
	o := decide.Outcome[Target]{Static: r.static, Router: r.rec.Router}
	return r.decided(r.snap.Decider.Beyond(&r.view, o))
}

// decided takes over what was decided about the request.
func (r *Request) decided(o decide.Outcome[Target]) (Target, error) {
	if r.hands != nil {
		r.snap.hits.count(r.hands.index, &o)
	}
	if o.Router != "" {
		r.rec.Router = o.Router
	}
	r.key, r.fair, r.reply, r.matched, r.override = o.Key, o.Fair, o.Answer, o.Route, o.Override
	r.setStatic(o.Static)
	r.toWorker[editsOfRequest], r.toClient[editsOfRequest] = o.RequestHeaders, o.ResponseHeaders
	switch {
	case o.Refusal != nil:
		return Target{}, refusalOf(o.Refusal)
	case o.Answer == nil && o.Static == nil && o.Group.Pool == nil:
		return Target{}, errUnavailable
	}
	return o.Group, nil
}

// sendReply sends r.reply. Nothing of the request's body has been asked for.
func (r *Request) sendReply() error {
	a := r.reply
	r.rec.Status = a.Status
	r.answer = AnswerHead{Status: a.Status, Set: a.Headers, ID: r.id, Length: -1}
	body := a.Body
	if plan.HasBody(a.Status) {
		r.answer.Body, r.answer.Length = BodyLength, int64(len(body))
	}
	if r.isHead() {
		body, r.answer.Body = nil, BodyNone
	}
	r.beginAnswer(true)
	return r.send(body, true, nil)
}
