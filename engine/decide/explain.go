package decide

import (
	"errors"
	"fmt"
	"net/netip"

	"github.com/ldcorn/ldcorn/engine/http1"
	"github.com/ldcorn/ldcorn/engine/match"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/request"
	"github.com/ldcorn/ldcorn/engine/route"
)

// FormatVersion is that of an Explanation as JSON. Within one, fields may be
// added, and keep their meaning.
const FormatVersion = 1

// A Question is a request to be explained.
type Question struct {
	Line     string           `json:"line"` // "GET /x", "GET http://host/x", "wss://host/x"
	Headers  []request.Header `json:"headers"`
	ClientIP string           `json:"client_ip"` // "" is 127.0.0.1
}

// An Explanation is what becomes of a request, and why.
type Explanation struct {
	FormatVersion int     `json:"format_version"`
	Request       string  `json:"request"`
	Refused       string  `json:"refused,omitempty"` // why it is refused, whatever its routes are
	Router        *Router `json:"router,omitempty"`  // nil where there is none
	Rules         []Rule  `json:"rules"`             // as far as they were tried, in order
	Group         string  `json:"group,omitempty"`   // that takes it
	Status        int     `json:"status,omitempty"`  // of ldcorn's own answer; 0 where the app answers
	Location      string  `json:"location,omitempty"`
}

// A Router is what the router said.
type Router struct {
	Name    string `json:"name"`
	At      string `json:"at"`
	Decided bool   `json:"decided"` // else the routes were asked
	Error   string `json:"error,omitempty"`
}

// A Rule is a route that was tried.
type Rule struct {
	Route   string `json:"route"`
	Group   string `json:"group"`
	At      string `json:"at,omitempty"` // "" where the group has the default
	Matched bool   `json:"matched"`
	Why     string `json:"why,omitempty"` // it does not match
}

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
func (x *Explainer) Answer(q Question) (*Explanation, error) {
	opts := request.SampleOptions{Headers: q.Headers}
	if q.ClientIP != "" {
		ip, err := netip.ParseAddr(q.ClientIP)
		if err != nil {
			return nil, fmt.Errorf("%q is no address of a client", q.ClientIP)
		}
		opts.ClientIP = ip
	}
	out := &Explanation{FormatVersion: FormatVersion, Request: q.Line, Rules: []Rule{}}
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
		out.Router = &Router{Name: rt.Name(), At: rt.Pos().String(), Decided: o.ByRouter()}
		if o.Failed != nil {
			out.Router.Error = o.Failed.Error()
		}
	}
	for _, s := range steps {
		out.Rules = append(out.Rules, Rule{s.Route.String(), s.Value, at(s.Route.Pos), s.Matched, s.Why})
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
