package plan

import (
	"fmt"
	"strconv"
	"strings"
)

// RouteKind says how a Route matches.
type RouteKind uint8

// The kinds of route.
const (
	RoutePrefix  RouteKind = iota // the decoded path starts with the pattern
	RouteGlob                     // the pattern has *, ?, [ or {
	RouteAny                      // "*", the default
	RouteMatcher                  // a matcher, not a string
)

// A Route is one element of a group's routes, compiled. A string matches the
// path that the app will see: decoded once, without the query.
type Route struct {
	Pattern string // the string as written; of a matcher its text
	Kind    RouteKind
	Literal string   // what a path that the string matches must start with
	Matcher *Matcher // not nil for RouteMatcher alone
	Pos     Pos

	glob *globTest
}

// A pattern with one of globStart is a glob; its literal part ends at the
// first of globMeta.
const (
	globStart = "*?[{"
	globMeta  = globStart + "\\}"
)

// NewRoute compiles a route string. The error says what is wrong with the
// pattern, without repeating it.
func NewRoute(pattern string, pos Pos) (Route, error) {
	r := Route{Pattern: pattern, Pos: pos}
	if pattern == "*" {
		r.Kind = RouteAny
		return r, nil
	}
	switch {
	case pattern == "":
		return r, fmt.Errorf("an empty route matches nothing by itself; write \"*\" to take every request")
	case pattern[0] != '/' && !strings.ContainsRune(globStart, rune(pattern[0])):
		return r, fmt.Errorf("a route starts with \"/\", as every path does; did you mean %q?", "/"+pattern)
	}
	if !strings.ContainsAny(pattern, globStart) {
		r.Kind, r.Literal = RoutePrefix, pattern
		return r, nil
	}
	g, err := newGlobTest(pathGlob(pattern), '/')
	if err != nil {
		return r, err
	}
	r.Kind, r.glob = RouteGlob, g
	r.Literal = pattern[:strings.IndexAny(pattern, globMeta)]
	return r, nil
}

// NewMatcherRoute returns the route of a matcher.
func NewMatcherRoute(m *Matcher, pos Pos) Route {
	return Route{Pattern: m.String(), Kind: RouteMatcher, Matcher: m, Pos: pos}
}

// pathGlob is the glob that a pattern for paths means: a final /* takes
// everything below, not one segment, which is what people mean by it.
func pathGlob(pattern string) string {
	if strings.HasSuffix(pattern, "/*") {
		return pattern + "*"
	}
	return pattern
}

// String writes the route as the configuration does.
func (r *Route) String() string {
	if r.Kind == RouteMatcher {
		return r.Pattern
	}
	return strconv.Quote(r.Pattern)
}

// Takes reports whether the route by itself takes a request.
func (r *Route) Takes(req Request) bool {
	if r.Kind == RouteMatcher {
		return r.Matcher.Match(req)
	}
	return r.Match(lend(req.Path()))
}

// Match reports whether the route, which is a string, takes a decoded path.
func (r *Route) Match(path string) bool {
	switch r.Kind {
	case RouteAny:
		return true
	case RouteMatcher:
		return false
	case RoutePrefix:
		return strings.HasPrefix(path, r.Literal)
	}
	return r.glob.Match(path)
}
