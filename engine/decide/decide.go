package decide

import (
	"github.com/ldcorn/ldcorn/engine/match"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/route"
)

// An Ask asks a router about a request, as plan.Router.Route does.
type Ask func(match.Request) (plan.Decision, error)

// A Decider decides about requests according to a plan: the router first, if
// there is one, then the routes. T is the caller's representation of a group.
//
// A Decider is immutable and safe for concurrent use. Decide itself allocates
// nothing; only the router may.
type Decider[T any] struct {
	table   *route.Table[T]
	statics []*plan.Static // the longest prefix first
	groups  map[string]T   // by name
	router  plan.Router    // nil if there is none
	probes  probes
	ask     Ask
	reject  bool // refuse a request on which the router fails
}

// New returns the decider of a plan, which must not change. It calls groupOf
// once for each group, in the order written.
func New[T any](p *plan.Plan, groupOf func(name string) T) *Decider[T] {
	d := &Decider[T]{router: p.Router, probes: probes{live: p.LivePath, ready: p.ReadyPath}, reject: p.OnRouterError != plan.RouterFallback}
	d.groups = make(map[string]T)
	d.statics = byPrefix(p.Statics)
	if p.Router != nil {
		d.ask = p.Router.Route
	}
	d.table = route.Compile(p, func(name string) T {
		group := groupOf(name)
		d.groups[name] = group
		return group
	})
	return d
}

// Group returns what groupOf returned for a group of the plan.
func (d *Decider[T]) Group(name string) (T, bool) {
	group, ok := d.groups[name]
	return group, ok
}

// Asking returns a decider that asks the plan's router through ask. If the plan
// has no router, the decider behaves like d.
func (d *Decider[T]) Asking(ask Ask) *Decider[T] {
	other := *d
	if d.router != nil {
		other.ask = ask
	}
	return &other
}

// Cost returns what the routes may spend on a request whose texts have an
// ordinary length, in the units of match.Spender. A request with a smaller
// budget may be refused as TooCostly merely because of the number of routes.
func (d *Decider[T]) Cost() int { return d.table.Cost() }

// Decide decides who answers a request that is no Probe.
func (d *Decider[T]) Decide(r match.Request) Outcome[T] {
	var o Outcome[T]
	if d.ask != nil && d.askRouter(r, &o) {
		return o
	}
	if !d.askStatics(r, &o, d.statics) {
		d.askRoutes(r, &o)
	}
	return o
}

// askRouter asks the router, and reports whether that decided.
func (d *Decider[T]) askRouter(r match.Request, o *Outcome[T]) bool {
	said, err := d.ask(r)
	switch {
	case err != nil:
		o.Router, o.Failed = RoutedError, err
		if d.reject {
			o.Refusal = RouterFailed
		}
		return d.reject
	case said.Answer != nil:
		o.Router, o.Answer = RoutedRespond, said.Answer
		if said.Answer.Redirect {
			o.Router = RoutedRedirect
		}
		return true
	case said.Group != "":
		o.Router, o.Group = RoutedGroup, d.groups[said.Group]
		o.Key, o.RequestHeaders, o.ResponseHeaders = said.Key, said.RequestHeaders, said.ResponseHeaders
		o.Fair, o.Override = said.Fair, said.Override
		return true
	}
	o.Router = RoutedNone
	return false
}

// askRoutes asks the routes.
func (d *Decider[T]) askRoutes(r match.Request, o *Outcome[T]) {
	group, found, number := d.table.Find(r)
	switch {
	case !match.Spend(r, 0): // the search was cut short, so its result means nothing
		o.Refusal = TooCostly
	case found == nil:
		o.Refusal = NoRoute
	default:
		o.Group, o.Route, o.Number, o.Override = group, found, number, found.Override
	}
}
