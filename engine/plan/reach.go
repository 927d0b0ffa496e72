package plan

import (
	"fmt"
	"strings"

	"github.com/ldcorn/ldcorn/engine/match"
)

// unreachable warns about routes that another route always precedes: matchers
// are tried in the order written, then strings, of which the one with the
// longest literal part wins, then the first one written. It skips the routes
// that never match, which have been reported already.
func unreachable(c *match.Comparer, p *Plan, never []Problem) []Problem {
	told := make(map[*Route]bool)
	for _, n := range never {
		told[n.Place.Route] = true
	}
	r := reach{matchers: match.NewCover(c), all: -1}
	for _, wantMatchers := range []bool{true, false} {
		for _, group := range p.Groups {
			for i := range group.Routes {
				here := Place{Group: group, Route: &group.Routes[i]}
				if isMatcher := here.Route.Pattern() == nil; isMatcher == wantMatchers && !told[here.Route] {
					r.add(here)
				}
			}
		}
	}
	return r.out
}

// A reach collects routes that are never reached. Routes must be added in the
// order in which they are tried.
type reach struct {
	out      []Problem
	matchers *match.Cover
	places   []Place // of the matchers
	all      int     // index of the first matcher that takes every path, or -1

	stringRoutes
}

func (r *reach) add(here Place) {
	problem, ok := r.byMatcher(here)
	if p := here.Route.Pattern(); p == nil {
		if r.all < 0 && match.TakesEveryPath(here.Route.Matcher) {
			r.all = len(r.places)
		}
		r.matchers.Add(here.Route.Matcher)
		r.places = append(r.places, here)
	} else if other, found := r.stringRoutes.add(here, p); !ok {
		problem, ok = other, found
	}
	if ok {
		r.out = append(r.out, r.exact(problem))
	}
}

// byMatcher compares a route with the matchers that are tried before it.
func (r *reach) byMatcher(here Place) (Problem, bool) {
	i := r.all
	if !here.Route.IsDefault() {
		i = r.matchers.First(here.Route.Matcher)
	}
	if i < 0 {
		return Problem{}, false
	}
	return neverReached(here, r.places[i]), true
}

// neverReached returns the problem of a route whose requests another route
// takes. If the route is a rule, it may be the one that is meant.
func neverReached(here, before Place) Problem {
	a, b := before.Route, here.Route
	problem := Problem{
		Code: CodeUnreachable, Warning: true,
		Place: here, Other: before, Label: removeLabel(b),
		Message: fmt.Sprintf("route %s is never reached", b),
		Said:    fmt.Sprintf("%s takes its requests first", a),
	}
	if a.String() == b.String() {
		problem.Said = fmt.Sprintf("the same route, in group %q", before.Group.Name)
		if here.Group == before.Group {
			problem.Message, problem.Said = fmt.Sprintf("route %s is written twice", b), "the same route"
		}
	}
	if settings := b.settings(); len(settings) > 0 && a.Written() != b.Written() {
		problem.Message += fmt.Sprintf(", so that no request gets its %s", strings.Join(settings, " and "))
		problem.Label = "put it before the other one, or remove one of the two"
		if a.Pattern() == nil && b.Pattern() != nil {
			problem.Label = "matchers are tried before strings: write it as a matcher before the other one"
		}
	}
	return problem
}

// exact rewords the problem of the first default if the route before it takes
// every path: that route still leaves it OPTIONS *, which has no path.
func (r *reach) exact(p Problem) Problem {
	if len(r.defaults) == 0 || r.stringRoutes.places[r.defaults[0]].Route != p.Place.Route || match.TakesOptionsStar(p.Other.Route.Matcher) {
		return p
	}
	p.Message = fmt.Sprintf("route %s takes no request except OPTIONS *", p.Place.Route)
	p.Said = fmt.Sprintf("%s takes all others first", p.Other.Route)
	if p.Label != hasDefault {
		p.Label = "remove it, unless that is intended"
	}
	return p
}

// neverMatch warns about routes that no request can match.
func neverMatch(c *match.Comparer, p *Plan) []Problem {
	var out []Problem
	for _, group := range p.Groups {
		for i := range group.Routes {
			r := &group.Routes[i]
			if why := c.Never(r.Matcher); why != "" {
				out = append(out, Problem{
					Code: CodeImpossible, Warning: true,
					Message: fmt.Sprintf("route %s never matches", r),
					Label:   why, Place: Place{Group: group, Route: r},
				})
			}
		}
	}
	return out
}
