package plan

import "github.com/ldcorn/ldcorn/engine/match"

// A Route is one element of a group's routes: which requests it takes, and
// where it is written. That of a string is a *match.Pattern.
type Route struct {
	match.Matcher
	Pos Pos
}

// NewRoute compiles a route string. The error is that of match.NewPattern.
func NewRoute(pattern string, pos Pos) (Route, error) {
	p, err := match.NewPattern(pattern)
	return Route{p, pos}, err
}

// Pattern returns the route string, or nil for a matcher.
func (r *Route) Pattern() *match.Pattern {
	p, _ := r.Matcher.(*match.Pattern)
	return p
}

// Text returns the route string without quotes around it, or a matcher as it is
// written.
func (r *Route) Text() string {
	if p := r.Pattern(); p != nil {
		return p.Text
	}
	return r.String()
}

// IsDefault reports whether the route is "*".
func (r *Route) IsDefault() bool {
	p := r.Pattern()
	return p != nil && p.Kind == match.PatternAny
}
