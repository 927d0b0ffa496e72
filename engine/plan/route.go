package plan

import (
	"fmt"
	"strings"

	"github.com/ldcorn/ldcorn/engine/match"
)

// A Route is one element of a group's routes: a matcher for the requests that
// it takes, and its position. A route string has a *match.Pattern.
type Route struct {
	match.Matcher
	Pos       Pos
	Override  *Override // settings for its requests; nil if there are none
	RateLimit RateLimit // beside those of its group and of the plan
}

// NewRoute compiles a route string. Its error is that of match.NewPattern.
func NewRoute(pattern string, pos Pos) (Route, error) {
	p, err := match.NewPattern(pattern)
	return Route{Matcher: p, Pos: pos}, err
}

// Written returns the route as the configuration writes it, with its settings.
// String returns only the matcher.
func (r *Route) Written() string {
	settings := r.settings()
	if len(settings) == 0 {
		return r.String()
	}
	return fmt.Sprintf("rule(%s, %s)", r, strings.Join(settings, ", "))
}

// settings returns the settings as arguments of rule.
func (r *Route) settings() []string {
	out := r.Override.Settings()
	if !r.RateLimit.IsZero() {
		out = append(out, "rate_limit="+r.RateLimit.String())
	}
	return out
}

// Pattern returns the route string, or nil for a matcher.
func (r *Route) Pattern() *match.Pattern {
	p, _ := r.Matcher.(*match.Pattern)
	return p
}

// Text returns a route string without quotes, or a matcher as written.
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
