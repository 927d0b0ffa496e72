package route

import (
	"cmp"
	"slices"

	"github.com/ldcorn/ldcorn/engine/match"
	"github.com/ldcorn/ldcorn/engine/plan"
)

// A Step is one rule that was tried for a request.
type Step[T any] struct {
	Route   *plan.Route
	Value   T // of the route's group
	Matched bool
	Why     string // why it does not match; "" if it does
}

// Explain tries the rules in order, up to the first one that takes the request,
// which is the last step; if none does, it returns all of them. It is for
// people: Match finds the same rule without trying most of them. Explain does
// not charge the request for its cost.
func (t *Table[T]) Explain(r match.Request) []Step[T] {
	r = unbounded{r}
	var out []Step[T]
	for _, e := range t.order() {
		step := Step[T]{Route: e.route, Value: e.value, Matched: e.route.Match(r)}
		if !step.Matched {
			step.Why = e.route.WhyNot(r)
		}
		out = append(out, step)
		if step.Matched {
			break
		}
	}
	return out
}

// Routes returns the routes in the order in which they are tried.
func (t *Table[T]) Routes() []*plan.Route {
	var out []*plan.Route
	for _, e := range t.order() {
		out = append(out, e.route)
	}
	return out
}

// An unbounded request is not a match.Spender.
type unbounded struct{ match.Request }

// ClientCert implements match.Certified.
func (u unbounded) ClientCert() match.Certificate { return match.CertOf(u.Request) }

// order returns all rules in the order in which they apply.
func (t *Table[T]) order() []*entry[T] {
	strings := slices.Clone(t.strings)
	slices.SortStableFunc(strings, func(a, b *entry[T]) int {
		return cmp.Compare(len(b.pattern.Literal), len(a.pattern.Literal))
	})
	out := append(slices.Clone(t.rules), strings...)
	if t.fallback != nil {
		out = append(out, t.fallback)
	}
	return out
}
