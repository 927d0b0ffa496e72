package plan_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/ldcorn/ldcorn/engine/match"
	"github.com/ldcorn/ldcorn/engine/plan"
)

// manyRoutes returns routes of each kind.
var manyRoutes = map[string]func(i int) match.Matcher{
	"prefixes":    func(i int) match.Matcher { return match.Prefix(fmt.Sprint("/p", i)) },
	"hosts":       func(i int) match.Matcher { return match.Host(fmt.Sprintf("h%d.example.com", i)) },
	"headers":     func(i int) match.Matcher { return match.Header(fmt.Sprint("x-", i), match.Test{}) },
	"globs":       func(i int) match.Matcher { return must(match.Glob(fmt.Sprintf("/*/g%d", i))) },
	"expressions": func(i int) match.Matcher { return must(match.Regex(fmt.Sprintf("/r%d$", i))) },
	"combined": func(i int) match.Matcher {
		return match.All(match.Method("GET"), match.Prefix(fmt.Sprint("/p", i)), match.Not(match.Websocket()))
	},
	"negations": func(i int) match.Matcher { return match.Not(match.Path(fmt.Sprint("/p", i))) },
}

// manyOf returns a plan of n matcher routes, n route strings and "*".
func manyOf(kinds ...string) *plan.Plan {
	const n = 10_000
	group := &plan.Group{Name: "a"}
	for i := range n {
		group.Routes = append(group.Routes, plan.Route{Matcher: manyRoutes[kinds[i%len(kinds)]](i)})
	}
	for i := range n {
		group.Routes = append(group.Routes, must(plan.NewRoute(fmt.Sprintf([]string{"/s%d", "/s%d/*", "/*/s%d"}[i%3], i), plan.Pos{})))
	}
	group.Routes = append(group.Routes, must(plan.NewRoute("*", plan.Pos{})))
	return &plan.Plan{Groups: []*plan.Group{group}}
}

// TestManyRoutes: 20,000 routes are compared, unless no index covers them; then
// a problem says so.
func TestManyRoutes(t *testing.T) {
	for kind := range manyRoutes {
		problems := plan.Validate(t.Context(), manyOf(kind))
		if kind == "negations" {
			assert.Equal(t, plan.CodeUnchecked, problems[len(problems)-1].Code)
			continue
		}
		assert.Empty(t, problems, kind)
	}
}

// BenchmarkValidate measures 20,000 routes of each kind, and of all kinds.
func BenchmarkValidate(b *testing.B) {
	all := []string{}
	for kind := range manyRoutes {
		all = append(all, kind)
		b.Run(kind, func(b *testing.B) {
			p := manyOf(kind)
			for b.Loop() {
				plan.Validate(b.Context(), p)
			}
		})
	}
	b.Run("all", func(b *testing.B) {
		p := manyOf(all...)
		for b.Loop() {
			plan.Validate(b.Context(), p)
		}
	})
}
