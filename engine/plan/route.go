package plan

import (
	"fmt"
	"strings"

	"github.com/gobwas/glob"
)

// RouteKind says how a Route matches.
type RouteKind uint8

// The kinds of route.
const (
	RoutePrefix RouteKind = iota // the decoded path starts with the pattern
	RouteGlob                    // the pattern has *, ?, [ or {
	RouteAny                     // "*", the default
)

// A Route is one string of a group's routes, compiled. It matches the path
// that the app will see: decoded once, without the query.
type Route struct {
	Pattern string // as written
	Kind    RouteKind
	Literal string // what a matching path must start with
	Pos     Pos

	glob *glob.Pattern
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
	// A final /* takes everything below, not one segment: that is what
	// people mean by it.
	expr := pattern
	if strings.HasSuffix(expr, "/*") {
		expr += "*"
	}
	g, err := glob.Compile(expr, '/')
	if err != nil {
		return r, globError(err)
	}
	r.Kind, r.glob = RouteGlob, g
	r.Literal = pattern[:strings.IndexAny(pattern, globMeta)]
	return r, nil
}

// globError words what the glob package refuses.
func globError(err error) error {
	const advice = "close each [ and {, or write \\\\ before one that stands for itself"
	_, reason, found := strings.Cut(strings.TrimPrefix(err.Error(), "glob: "), ": ")
	if !found {
		return fmt.Errorf("not a glob, %w; %s", err, advice)
	}
	return fmt.Errorf("not a glob, %s; %s", reason, advice)
}

// Match reports whether the route takes a decoded path.
func (r *Route) Match(path string) bool {
	switch r.Kind {
	case RouteAny:
		return true
	case RoutePrefix:
		return strings.HasPrefix(path, r.Literal)
	}
	return r.glob.Match(path)
}
