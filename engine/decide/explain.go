package decide

import (
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"path/filepath"

	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/head"
	"github.com/ldcorn/ldcorn/engine/match"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/request"
	"github.com/ldcorn/ldcorn/engine/route"
)

// An Explainer explains decisions. It decides as the proxy does, with the names
// of groups.
type Explainer struct {
	*Decider[string]
	plan   *plan.Plan
	holder Holder // nil if no master runs the plan
}

// A Holder returns the index of the worker that a request belongs to which goes to
// a group: by the group's sticky, or by the key that a router gave. It reports false
// if that is none, as for a session that no worker has.
type Holder func(r *request.Sample, group, key string) (worker int, ok bool)

// Holding returns an explainer that also says which worker a request belongs to.
func (x *Explainer) Holding(h Holder) *Explainer {
	other := *x
	other.holder = h
	return &other
}

// NewExplainer returns the explainer of a plan, which must not change.
func NewExplainer(p *plan.Plan) *Explainer {
	return &Explainer{Decider: New(p, func(group string) string { return group }), plan: p}
}

// Asking is like Decider.Asking.
func (x *Explainer) Asking(ask Ask) *Explainer {
	other := *x
	other.Decider = x.Decider.Asking(ask)
	return &other
}

// Sample makes a request as request.NewSample does. The plan determines how the
// head is read and what the routes may cost.
func (x *Explainer) Sample(line string, opts request.SampleOptions) (*request.Sample, error) {
	opts.Underscores, opts.Budget = x.plan.UnderscoresInHeaders, max(x.Cost(), 1)
	return request.NewSample(line, opts)
}

// Decide decides who answers a request, which can be a Probe. It answers that as
// if ldcorn were ready.
func (x *Explainer) Decide(r match.Request) Outcome[string] {
	if probe := x.Probe(r); probe != "" {
		answer := &plan.Answer{Status: http.StatusOK}
		if !probe.Allows(r.Method()) {
			answer.Status = http.StatusMethodNotAllowed
		}
		return Outcome[string]{Probe: probe, Answer: answer}
	}
	return x.Decider.Decide(r)
}

// Explain is like DecideBeyond, but also returns the routes that were tried, in
// order. It returns none if the request is a Probe, if the router or a static decided,
// or if the request is too costly.
func (x *Explainer) Explain(r match.Request) (Outcome[string], []route.Step[string]) {
	o, _ := x.DecideBeyond(r)
	if o.Probe != "" || o.ByRouter() || o.Static != nil || o.Refusal == TooCostly {
		return o, nil
	}
	return o, x.table.Explain(r)
}

// Routes returns the routes of the plan in the order in which they are tried.
func (x *Explainer) Routes() []*plan.Route { return x.table.Routes() }

// Answer explains a request. It returns an error if the question is invalid.
func (x *Explainer) Answer(q api.Question) (*api.Explanation, error) {
	var opts request.SampleOptions
	for _, h := range q.Headers {
		opts.Headers = append(opts.Headers, request.Header(h))
	}
	if q.ClientIP != "" {
		ip, err := netip.ParseAddr(q.ClientIP)
		if err != nil {
			return nil, fmt.Errorf("%q is not a client address", q.ClientIP)
		}
		opts.ClientIP = ip
	}
	if c := q.ClientCert; c != nil {
		cert, err := request.NewCertificate(c.Subject, c.SAN, c.Fingerprint)
		if err != nil {
			return nil, fmt.Errorf("client_cert: %w", err)
		}
		opts.ClientCert = cert
	}
	out := &api.Explanation{FormatVersion: api.ExplainVersion, Request: q.Line, Rules: []api.ExplainedRule{}, Settings: []api.ExplainedSetting{}, Python: x.plan.Python}
	req, err := x.Sample(q.Line, opts)
	var refused *head.Error
	switch {
	case errors.As(err, &refused):
		out.Refused, out.Status = refused.Reason, refused.Status
		return out, nil
	case err != nil:
		return nil, err
	}
	by, err := x.listener(q.Listener, q.ClientCert != nil)
	if err != nil {
		return nil, err
	}
	out.Listener = by.Bind.String()
	probe := x.Probe(req) != "" // which comes before the redirects
	if req.Scheme() != "https" && !probe {
		out.Redirecting = x.redirecting(by)
	}
	if answer := x.redirectOf(by, req); answer != nil && !probe {
		o := Outcome[string]{Answer: answer}
		out.Status, out.Location, out.Redirecting = o.Status(), o.Location(), nil
		return out, nil
	}
	o, steps := x.Explain(req)
	out.Group, out.Status, out.Location = o.Group, o.Status(), o.Location()
	if o.Refusal == TooCostly || o.Refusal == NotReadable {
		out.Refused = o.Refusal.Reason
	}
	for _, s := range x.asks(req) {
		out.Statics = append(out.Statics, explainedStatic(s, req))
	}
	out.Probe = string(o.Probe)
	if rt := x.plan.Router; rt != nil && o.Probe == "" {
		out.Router = &api.ExplainedRouter{Name: rt.Name(), At: rt.Pos().String(), Decided: o.ByRouter()}
		if o.Failed != nil {
			out.Router.Error = o.Failed.Error()
		}
	}
	for _, s := range steps {
		out.Rules = append(out.Rules, api.ExplainedRule{Route: s.Route.String(), Group: s.Value, At: at(s.Route.Pos), Matched: s.Matched, Why: s.Why})
	}
	for _, s := range x.Settings(req, &o) {
		shown := api.ExplainedSetting{Name: s.Name, Value: s.Value, From: string(s.From), At: at(s.At), Key: s.Key}
		if x.holder != nil && (s.Name == "key" || s.Name == "sticky" && s.Key != "") {
			worker, ok := x.holder(req, o.Group, o.Key)
			shown.Homeless = !ok
			if ok {
				shown.Worker = &worker
			}
		}
		out.Settings = append(out.Settings, shown)
	}
	return out, nil
}

// explainedStatic says what a static looks for.
func explainedStatic(s *plan.Static, r match.Request) api.ExplainedStatic {
	out := api.ExplainedStatic{Prefix: s.Prefix, At: at(s.Pos), Fallthrough: s.Fallthrough}
	name, unserved := s.Name(r.Path(), r.RawPath())
	if out.Unserved = unserved; unserved == "" {
		out.File = filepath.Join(s.Dir, string(name))
	}
	return out
}

// at returns the position of a route, or "" for the default route of a group.
func at(p plan.Pos) string {
	if !p.IsValid() {
		return ""
	}
	return p.String()
}
