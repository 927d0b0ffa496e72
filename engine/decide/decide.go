package decide

import (
	"net/http"
	"strings"

	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/route"
)

// Options say how to decide. The zero value does as the proxy does.
type Options struct {
	// Ask asks the router; nil is its method Route.
	Ask func(plan.Request) (plan.Decision, error)
}

// A Decider decides about requests by a plan. It is safe for concurrent use if
// Ask is.
type Decider struct {
	plan  *plan.Plan
	table *route.Table[string]
	ask   func(plan.Request) (plan.Decision, error)
}

// New returns the decider of a plan, which must not change.
func New(p *plan.Plan, opts Options) *Decider {
	d := &Decider{plan: p, ask: opts.Ask}
	d.table = route.Compile(p, func(group string) string { return group })
	if p.Router == nil {
		d.ask = nil
	} else if d.ask == nil {
		d.ask = p.Router.Route
	}
	return d
}

// An Outcome is what would become of a request.
type Outcome struct {
	Group    string      // that takes it; "" where none does
	Status   int         // of an answer that ldcorn gives itself; 0 where the app answers
	Location string      // of a redirect
	Route    *plan.Route // that took it; nil where none did
	ByRouter bool        // the router decided
	Failed   error       // of the router; whether the routes were asked then, on_router_error says
}

// Decide says what would become of a request.
func (d *Decider) Decide(r plan.Request) Outcome {
	o, decided := d.router(r)
	if decided {
		return o
	}
	o.Group, o.Route = d.table.Find(r)
	if o.Route == nil {
		o.Status = http.StatusNotFound
	}
	return o
}

// Explain is Decide with the rules that were tried on the way, in order. There
// are none where the router decided.
func (d *Decider) Explain(r plan.Request) (Outcome, []route.Step[string]) {
	o, decided := d.router(r)
	if decided {
		return o, nil
	}
	steps := d.table.Explain(r)
	if n := len(steps); n > 0 && steps[n-1].Matched {
		o.Group, o.Route = steps[n-1].Value, steps[n-1].Route
	} else {
		o.Status = http.StatusNotFound
	}
	return o, steps
}

// router asks the router, if there is one, and reports whether it decided.
func (d *Decider) router(r plan.Request) (Outcome, bool) {
	if d.ask == nil {
		return Outcome{}, false
	}
	said, err := d.ask(r)
	switch {
	case err != nil && d.plan.OnRouterError == plan.RouterFallback:
		return Outcome{Failed: err}, false
	case err != nil:
		return Outcome{Failed: err, Status: http.StatusInternalServerError, ByRouter: true}, true
	case said.Answer != nil:
		return Outcome{ByRouter: true, Status: said.Answer.Status, Location: location(said.Answer)}, true
	case said.Group != "":
		return Outcome{ByRouter: true, Group: said.Group}, true
	}
	return Outcome{}, false
}

func location(a *plan.Answer) string {
	for _, h := range a.Headers {
		if strings.EqualFold(h.Name, "location") {
			return h.Value.String() // a secret is for the client, not for whom asks
		}
	}
	return ""
}
