package proxy

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/decide"
	"github.com/ldcorn/ldcorn/engine/plan"
)

// routesOf returns routes of a group.
func routesOf(t *testing.T, patterns ...string) (out []plan.Route) {
	for _, p := range patterns {
		r, err := plan.NewRoute(p, plan.Pos{})
		require.NoError(t, err)
		out = append(out, r)
	}
	return out
}

// TestHits: each route counts for itself, in all loops, and goes on in the next plan that
// has it.
func TestHits(t *testing.T) {
	p := &plan.Plan{Groups: []*plan.Group{{Name: "a", Routes: routesOf(t, "/a", "/b", "/a")}, {Name: "b", Routes: routesOf(t, "*")}}}
	h := newHits(p, 2, new(AllHits))
	hit := func(loop, number int) {
		h.count(loop, &decide.Outcome[Target]{Route: &p.Groups[0].Routes[0], Number: number})
	}
	hit(0, 0)
	hit(1, 0)
	hit(1, 3)
	h.count(0, &decide.Outcome[Target]{Router: decide.RoutedGroup})
	h.count(1, &decide.Outcome[Target]{Refusal: decide.NoRoute})
	h.count(1, &decide.Outcome[Target]{Static: new(plan.Static)}) // no route
	want := &AllHits{Routes: []RouteHits{{"a", `"/a"`, 2}, {"a", `"/b"`, 0}, {"a", `"/a"`, 0}, {"b", `"*"`, 1}}, Router: 1, None: 1}
	assert.Equal(t, want, h.all())

	next := &plan.Plan{Groups: []*plan.Group{{Name: "b", Routes: routesOf(t, "/new", "*")}, {Name: "a", Routes: routesOf(t, "/a")}}}
	h = newHits(next, 2, h.all())
	hit(0, 2)
	assert.Equal(t, &AllHits{Routes: []RouteHits{{"b", `"/new"`, 0}, {"b", `"*"`, 1}, {"a", `"/a"`, 3}}, Router: 1, None: 1}, h.all())

	o := decide.Outcome[Target]{Route: &p.Groups[0].Routes[0], Number: 1}
	assert.Zero(t, testing.AllocsPerRun(100, func() { h.count(0, &o) }))
}
