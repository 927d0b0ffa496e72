package plan

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// takesAll reports whether the route matches every path.
func (r *Route) takesAll() bool {
	if r.Kind == RouteMatcher {
		return (&logic{maxLogic}).implies(everyPath, r.Matcher)
	}
	lead, ok := r.everythingBelow()
	return ok && (lead == "" || lead == "/")
}

// everythingBelow returns what a path must start with, when that is all
// that the route asks for.
func (r *Route) everythingBelow() (string, bool) {
	switch r.Kind {
	case RouteMatcher:
		return "", false
	case RouteAny:
		return "", true
	case RoutePrefix:
		return r.Literal, true
	}
	rest := strings.TrimPrefix(r.Pattern, r.Literal)
	below := rest == "**" || rest == "*" && strings.HasSuffix(r.Literal, "/")
	return r.Literal, below
}

// unreachable warns about routes that another one always comes before:
// matchers in the order written, then strings, of which the longest literal
// part wins, then the order written. Those that never match are told already.
func unreachable(p *Plan, never []Problem) []Problem {
	var out []Problem
	var matchers, strings []Place
	l := &logic{maxLogic}
	each := func(kind func(RouteKind) bool, do func(Place)) {
		for _, pool := range p.Pools {
			for i := range pool.Routes {
				here := Place{pool, &pool.Routes[i]}
				told := slices.ContainsFunc(never, func(p Problem) bool { return p.Place == here })
				if kind(here.Route.Kind) && !told {
					do(here)
				}
			}
		}
	}
	each(func(k RouteKind) bool { return k == RouteMatcher }, func(here Place) {
		if problem, ok := firstOf(matchers, here, l.shadowed); ok {
			out = append(out, problem)
		}
		matchers = append(matchers, here)
	})
	each(func(k RouteKind) bool { return k != RouteMatcher }, func(here Place) {
		problem, ok := firstOf(matchers, here, l.shadowed)
		if !ok {
			problem, ok = firstOf(strings, here, shadowed)
		}
		if ok {
			out = append(out, problem)
		}
		strings = append(strings, here)
	})
	return out
}

// firstOf compares a route with those before it.
func firstOf(before []Place, here Place, compare func(here, before Place) (Problem, bool)) (Problem, bool) {
	for _, b := range before {
		if problem, ok := compare(here, b); ok {
			return problem, true
		}
	}
	return Problem{}, false
}

// shadowed compares a route with a matcher that is tried before it.
func (l *logic) shadowed(here, before Place) (Problem, bool) {
	a, b := before.Route, here.Route
	if b.Kind == RouteAny {
		return neverReached(here, before), a.takesAll()
	}
	return neverReached(here, before), l.implies(b.asMatcher(), a.Matcher)
}

// neverReached is the problem of a route and one that takes its requests.
func neverReached(here, before Place) Problem {
	a, b := before.Route, here.Route
	problem := Problem{
		Code: CodeUnreachable, Warning: true,
		Place: here, Other: before, Label: removeLabel(b),
		Message: fmt.Sprintf("route %s is never reached", b),
		Said:    fmt.Sprintf("%s takes its requests first", a),
	}
	if a.String() == b.String() {
		problem.Said = fmt.Sprintf("the same route, in group %q", before.Pool.Name)
		if here.Pool == before.Pool {
			problem.Message, problem.Said = fmt.Sprintf("route %s is written twice", b), "the same route"
		}
	}
	return problem
}

// shadowed compares a string with one written before it.
func shadowed(here, before Place) (Problem, bool) {
	a, b := before.Route, here.Route
	// A route that takes everything leaves nothing for "*", in any order.
	if a.takesAll() && a.Kind != RouteAny && b.Kind == RouteAny {
		return neverReached(here, before), true
	}
	if b.takesAll() && b.Kind != RouteAny && a.Kind == RouteAny {
		return neverReached(before, here), true
	}
	switch {
	case b.Kind == RouteAny: // several "*" have a warning of their own
		return Problem{}, false
	case a.Pattern == b.Pattern:
		return neverReached(here, before), true
	case a.Kind == RouteAny || len(a.Literal) != len(b.Literal):
		return Problem{}, false
	}
	lead, below := a.everythingBelow()
	return neverReached(here, before), below && strings.HasPrefix(b.Literal, lead)
}

// neverMatch warns about routes that no request can match.
func neverMatch(p *Plan) []Problem {
	var out []Problem
	l := &logic{maxLogic}
	for _, pool := range p.Pools {
		for i := range pool.Routes {
			r := &pool.Routes[i]
			why := impossible(r.Pattern)
			if r.Kind == RouteMatcher {
				why = l.never(r.Matcher)
			}
			if why != "" {
				out = append(out, Problem{
					Code: CodeImpossible, Warning: true,
					Message: fmt.Sprintf("route %s never matches", r),
					Label:   why, Place: Place{pool, r},
				})
			}
		}
	}
	return out
}

// never says why no request can match a matcher, or "".
func (l *logic) never(m *Matcher) string {
	switch m.Kind {
	case MatchPath, MatchPrefix:
		why := ""
		for _, v := range m.Values {
			if why = impossible(v); why == "" {
				return ""
			}
		}
		return why
	case MatchGlob:
		return impossible(m.Test.Text)
	case MatchAny:
		why := ""
		for _, p := range m.Parts {
			if why = l.never(p); why == "" {
				return ""
			}
		}
		return why
	case MatchAll:
		return l.contradiction(m.Parts)
	}
	return ""
}

// contradiction says why not all parts can match, or "".
func (l *logic) contradiction(parts []*Matcher) string {
	for i, p := range parts {
		if why := l.never(p); why != "" {
			return why
		}
		for _, q := range parts[:i] {
			if l.disjoint(q, p) {
				return fmt.Sprintf("%s and %s exclude each other", q, p)
			}
		}
	}
	return ""
}

var (
	dotSegment = regexp.MustCompile(`/\.\.?(/|$)`)
	escape     = regexp.MustCompile(`%[0-9A-Fa-f]{2}`)
	queryPart  = regexp.MustCompile(`\?[\w.-]+=`)
)

// impossible says why no request can match a pattern, or "".
func impossible(pattern string) string {
	switch {
	case pattern == "*":
		return ""
	case dotSegment.MatchString(pattern):
		return "paths with a /./ or /../ in them are refused"
	case escape.MatchString(pattern):
		return fmt.Sprintf("routes match the decoded path: write the character for %s itself", escape.FindString(pattern))
	case queryPart.MatchString(pattern):
		return "routes match the path alone, without what follows the `?`"
	case strings.ContainsRune(pattern, 0):
		return "paths with a NUL in them are refused"
	}
	return ""
}
