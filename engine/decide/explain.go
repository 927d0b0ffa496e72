package decide

import (
	"errors"
	"fmt"
	"net/netip"

	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/http1"
	"github.com/ldcorn/ldcorn/engine/match"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/request"
	"github.com/ldcorn/ldcorn/engine/route"
)

// An Explainer explains decisions. It decides as the proxy does, over groups
// by their names.
type Explainer struct {
	*Decider[string]
	plan *plan.Plan
}

// NewExplainer returns the explainer of a plan, which must not change.
func NewExplainer(p *plan.Plan) *Explainer {
	return &Explainer{New(p, func(group string) string { return group }), p}
}

// Asking is Decider.Asking.
func (x *Explainer) Asking(ask Ask) *Explainer {
	return &Explainer{x.Decider.Asking(ask), x.plan}
}

// Sample makes a request as request.NewSample does. The plan says how its head
// is read and what its routes may cost.
func (x *Explainer) Sample(line string, opts request.SampleOptions) (*request.Sample, error) {
	opts.Underscores, opts.Budget = x.plan.UnderscoresInHeaders, max(x.Cost(), 1)
	return request.NewSample(line, opts)
}

// Explain is Decide with the routes that were tried on the way, in order.
// There are none where the router has decided, or where the request costs too
// much.
func (x *Explainer) Explain(r match.Request) (Outcome[string], []route.Step[string]) {
	o := x.Decide(r)
	if o.ByRouter() || o.Refusal == TooCostly {
		return o, nil
	}
	return o, x.table.Explain(r)
}

// Answer explains a request. The error is that of a question which is none.
func (x *Explainer) Answer(q api.Question) (*api.Explanation, error) {
	var opts request.SampleOptions
	for _, h := range q.Headers {
		opts.Headers = append(opts.Headers, request.Header(h))
	}
	if q.ClientIP != "" {
		ip, err := netip.ParseAddr(q.ClientIP)
		if err != nil {
			return nil, fmt.Errorf("%q is no address of a client", q.ClientIP)
		}
		opts.ClientIP = ip
	}
	out := &api.Explanation{FormatVersion: api.ExplainVersion, Request: q.Line, Rules: []api.ExplainedRule{}}
	req, err := x.Sample(q.Line, opts)
	var refused *http1.Error
	switch {
	case errors.As(err, &refused):
		out.Refused, out.Status = refused.Reason, refused.Status
		return out, nil
	case err != nil:
		return nil, err
	}
	o, steps := x.Explain(req)
	out.Group, out.Status, out.Location = o.Group, o.Status(), o.Location()
	if o.Refusal == TooCostly {
		out.Refused = o.Refusal.Reason
	}
	if rt := x.plan.Router; rt != nil {
		out.Router = &api.ExplainedRouter{Name: rt.Name(), At: rt.Pos().String(), Decided: o.ByRouter()}
		if o.Failed != nil {
			out.Router.Error = o.Failed.Error()
		}
	}
	for _, s := range steps {
		out.Rules = append(out.Rules, api.ExplainedRule{Route: s.Route.String(), Group: s.Value, At: at(s.Route.Pos), Matched: s.Matched, Why: s.Why})
	}
	return out, nil
}

// at writes where a route stands, or "" where a group has the default route.
func at(p plan.Pos) string {
	if !p.IsValid() {
		return ""
	}
	return p.String()
}
