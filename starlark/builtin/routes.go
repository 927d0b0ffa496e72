package builtin

import (
	"go.starlark.net/starlark"

	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/starlark/value"
)

func setRoutes(c *call, g *given, p *plan.Group) {
	switch g.value.(type) {
	case *Matcher, *Rule:
		c.wrongValue(g, value.WrongType("a list of routes", g.value, "put [ ] around it"))
		return
	}
	elems, err := value.List(g.value, `routes, such as ["/api", "*"]`)
	if err == nil && len(elems) == 0 {
		err = value.Wrong(`write ["*"] to take every request`, "is empty, so the group would receive no requests")
	}
	if err != nil {
		c.wrongValue(g, err)
		return
	}
	p.Routes = nil
	for i, e := range elems {
		if route, ok := c.route(g, &i, e); ok {
			p.Routes = append(p.Routes, route)
		}
	}
}

// route reads one route, a rule, a matcher or a string: the i-th of the argument,
// or the argument itself if i is nil.
func (c *call) route(g *given, i *int, v starlark.Value) (plan.Route, bool) {
	span := g.span
	if i != nil {
		span = c.element(g, *i)
	}
	wrong := func(err error) {
		if i != nil {
			err = &value.ElementError{Index: *i, Err: err}
		}
		c.wrongValue(g, err)
	}
	switch v := v.(type) {
	case *Rule:
		if v.route.Matcher == nil {
			return plan.Route{}, false
		}
		if span == g.span && v.span.Line > 0 {
			span = v.span // the rule is not written in the list
		}
		route := v.route
		route.Pos = position(span)
		return route, true
	case *Matcher:
		if v.Matcher == nil {
			return plan.Route{}, false
		}
		if span == g.span && v.span.Line > 0 {
			span = v.span // the matcher is not written in the list
		}
		return plan.Route{Matcher: v.Matcher, Pos: position(span)}, true
	case starlark.String, *value.Secret:
	default:
		if !value.IsUnset(v) && !c.session.madeByNot(v) {
			wrong(value.WrongType("a route (a string or a matcher)", v, routeLabel(v)))
		}
		return plan.Route{}, false
	}
	if value.IsUnset(v) {
		return plan.Route{}, false
	}
	s, err := value.String(v)
	if err != nil {
		wrong(err)
		return plan.Route{}, false
	}
	route, err := plan.NewRoute(s, position(span))
	if err != nil {
		c.wrong(span, "route "+value.Quote(s), codeRoute, err)
	}
	return route, err == nil
}

func routeLabel(v starlark.Value) string {
	if _, ok := v.(*starlark.List); ok {
		return "join lists with +, as in [\"/api\"] + more"
	}
	return matcherLabel(v)
}
