package builtin

import (
	"fmt"
	"maps"
	"slices"

	"go.starlark.net/starlark"
	"go.starlark.net/syntax"

	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/starlark/diag"
	"github.com/ldcorn/ldcorn/starlark/value"
)

// A Rule is the value of rule: a route with settings for its requests.
type Rule struct {
	opaque
	route   plan.Route // with no matcher if it was wrong, which has been reported
	session *Session
	span    diag.Span // of the call that made it
}

// ruleLabel is the correction for a rule in the place of a matcher.
const ruleLabel = "a rule is a whole route: join the matchers inside it, as in rule(a | b, …)"

var (
	_ starlark.HasBinary = (*Rule)(nil)
	_ starlark.HasUnary  = (*Rule)(nil)
)

// String returns a call that makes the rule.
func (r *Rule) String() string {
	if r.route.Matcher == nil {
		return r.opaque.String()
	}
	return r.route.Written()
}

// Binary reports that a rule cannot be joined with & or |.
func (r *Rule) Binary(op syntax.Token, _ starlark.Value, _ starlark.Side) (starlark.Value, error) {
	return r.session.noMatcher(op, r), nil
}

// Unary reports that a rule cannot be negated with ~.
func (r *Rule) Unary(op syntax.Token) (starlark.Value, error) { return r.session.noMatcher(op, r), nil }

func ruleWord() Word {
	return Word{Name: "rule", Returns: "rule", Doc: "A route with settings for its requests, in place of those of the group. It needs at least one setting.",
		Arguments: argumentsOf(ruleFields), surplus: "write a rule for each route, as in [rule(r, …) for r in routes]"}
}

var ruleFields = slices.Concat([]field[plan.Route]{
	{Argument{Name: "route", Type: "str | matcher", Required: true, Rule: "as in `routes`", Doc: "The requests that the settings are for.",
		Example: `prefix("/live")`, aka: []string{"matcher", "match", "path", "prefix", "pattern"}}, setRuleRoute},
}, overrideFields(func(r *plan.Route) **plan.Override { return &r.Override }), []field[plan.Route]{
	{Argument{Name: "rate_limit", Type: "rate | None", Keyword: true, Default: "None", Rule: "such as `rate(\"1/s\", burst=5)`",
		Doc: "How often each client may send such requests, beside the limits of the group and of LdConfig.",
		aka: []string{"ratelimit", "rate", "limit", "limit_req", "throttle"}},
		rateReader(func(r *plan.Route) *plan.RateLimit { return &r.RateLimit })},
})

func setRuleRoute(c *call, g *given, r *plan.Route) {
	label := ""
	switch g.value.(type) {
	case *Rule:
		label = "write all settings in one rule"
	case *starlark.List, starlark.Tuple:
		label = "write a rule for each route, as in [rule(r, …) for r in routes]"
	}
	if label != "" {
		c.wrongValue(g, value.WrongType("a string or a matcher", g.value, label))
		return
	}
	route, ok := c.route(g, nil, g.value)
	if !ok {
		c.failed = true
		return
	}
	r.Matcher = route.Matcher
}

// rule implements the word rule.
func (s *Session) rule(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	out := &Rule{opaque: "rule", session: s}
	var route plan.Route
	r := read(s, thread, b.Name(), ruleFields, args, kwargs, &route)
	out.span = r.call.span
	if slices.ContainsFunc(slices.Collect(maps.Values(r.have)), func(g *given) bool { return value.IsUnset(g.value) }) {
		return out, nil // what it would be depends on a variable that is not set
	}
	if route.Override == nil && route.RateLimit.IsZero() && !r.call.failed {
		r.call.report(diag.Diagnostic{Code: codeMissing,
			Message: "rule has no setting",
			Label:   fmt.Sprintf("add one, such as %s, or write only the route", exampleSetting)})
	}
	if !r.call.failed {
		out.route = route
	}
	return out, r.end()
}

const exampleSetting = "priority=10"

// overrideFields are the settings that rule and to have in common.
func overrideFields[T any](place func(*T) **plan.Override) (out []field[T]) {
	for _, f := range fieldsOf(plan.OverrideAttributes, map[string]func(*call, *given, *plan.Override){}) {
		f.Effect = "" // of the call, it is that of its place
		out = append(out, field[T]{f.Argument, func(c *call, g *given, t *T) {
			o := new(plan.Override)
			if before := *place(t); before != nil {
				o = before
			}
			if f.set(c, g, o); len(o.Settings()) > 0 {
				*place(t) = o
			}
		}})
	}
	return out
}
