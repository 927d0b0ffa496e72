package plan

import (
	"context"
	"fmt"
	"regexp"
	"strings"
)

// takesAll reports whether the route matches every path.
func (r *Route) takesAll() bool {
	if r.Kind == RouteMatcher {
		return newLogic(context.Background()).implies(everyPath, r.Matcher)
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
func (l *logic) unreachable(p *Plan, never []Problem) []Problem {
	told := make(map[*Route]bool)
	for _, n := range never {
		told[n.Place.Route] = true
	}
	r := reach{logic: l, all: -1}
	for _, wantMatchers := range []bool{true, false} {
		for _, group := range p.Groups {
			for i := range group.Routes {
				here := Place{group, &group.Routes[i]}
				if isMatcher := here.Route.Kind == RouteMatcher; isMatcher == wantMatchers && !told[here.Route] {
					r.add(here)
				}
			}
		}
	}
	return r.out
}

// A reach collects what is never reached of the routes added, those that are
// tried first before the others.
type reach struct {
	*logic
	out      []Problem
	matchers []Place
	index    reachIndex
	all      int // the first matcher that takes every path, or -1
	buf      []int

	stringRoutes
}

func (r *reach) add(here Place) {
	problem, ok := r.byMatcher(here)
	if here.Route.Kind == RouteMatcher {
		if r.all < 0 && here.Route.takesAll() {
			r.all = len(r.matchers)
		}
		r.index.add(here.Route.Matcher, len(r.matchers))
		r.matchers = append(r.matchers, here)
	} else {
		if other, found := r.stringRoutes.add(here); !ok {
			problem, ok = other, found
		}
	}
	if ok {
		r.out = append(r.out, problem)
	}
}

// byMatcher compares a route with the matchers that are tried before it.
func (r *reach) byMatcher(here Place) (Problem, bool) {
	if here.Route.Kind == RouteAny {
		if r.all < 0 {
			return Problem{}, false
		}
		return neverReached(here, r.matchers[r.all]), true
	}
	if r.gaveUp() {
		return Problem{}, false
	}
	b := here.Route.asMatcher()
	r.buf = r.index.candidates(b, r.buf)
	for _, i := range r.buf {
		if r.implies(b, r.matchers[i].Route.Matcher) {
			return neverReached(here, r.matchers[i]), true
		}
	}
	return Problem{}, false
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
		problem.Said = fmt.Sprintf("the same route, in group %q", before.Group.Name)
		if here.Group == before.Group {
			problem.Message, problem.Said = fmt.Sprintf("route %s is written twice", b), "the same route"
		}
	}
	return problem
}

// neverMatch warns about routes that no request can match.
func (l *logic) neverMatch(p *Plan) []Problem {
	var out []Problem
	for _, group := range p.Groups {
		for i := range group.Routes {
			r := &group.Routes[i]
			why := impossible(r.Pattern)
			if r.Kind == RouteMatcher {
				why = l.never(r.Matcher)
			}
			if why != "" {
				out = append(out, Problem{
					Code: CodeImpossible, Warning: true,
					Message: fmt.Sprintf("route %s never matches", r),
					Label:   why, Place: Place{group, r},
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
			if l.gaveUp() {
				return ""
			}
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
