package plan_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/plan"
)

func TestRouteMatch(t *testing.T) {
	tests := []struct {
		pattern string
		kind    plan.RouteKind
		literal string
		yes, no []string
	}{
		{"*", plan.RouteAny, "", []string{"/", "/x", "/x/y", ""}, nil},
		{"/ml", plan.RoutePrefix, "/ml", []string{"/ml", "/ml/x", "/mlx"}, []string{"/m", "/", "/x/ml"}},
		{"/a b", plan.RoutePrefix, "/a b", []string{"/a b", "/a bc"}, []string{"/a%20b"}},
		{"/api/*", plan.RouteGlob, "/api/", []string{"/api/x", "/api/x/y", "/api/"}, []string{"/api", "/apix"}},
		{"/*/x", plan.RouteGlob, "/", []string{"/a/x"}, []string{"/a/b/x", "/a/x/y"}},
		{"/**/x", plan.RouteGlob, "/", []string{"/a/x", "/a/b/x"}, []string{"/a/y"}},
		{"/a?c", plan.RouteGlob, "/a", []string{"/abc"}, []string{"/ac", "/a/c", "/abcd"}},
		{"/[ab]", plan.RouteGlob, "/", []string{"/a", "/b"}, []string{"/c"}},
		{"/{a,bc}/x", plan.RouteGlob, "/", []string{"/a/x", "/bc/x"}, []string{"/b/x"}},
		{"*.png", plan.RouteGlob, "", []string{"x.png"}, []string{"/x.pngs"}},
	}
	for _, tt := range tests {
		t.Run(tt.pattern, func(t *testing.T) {
			pos := plan.Pos{File: "f", Line: 1, Col: 2}
			r, err := plan.NewRoute(tt.pattern, pos)
			require.NoError(t, err)
			assert.Equal(t, tt.pattern, r.Pattern)
			assert.Equal(t, tt.kind, r.Kind)
			assert.Equal(t, tt.literal, r.Literal)
			assert.Equal(t, pos, r.Pos)
			for _, path := range tt.yes {
				assert.True(t, r.Match(path), path)
			}
			for _, path := range tt.no {
				assert.False(t, r.Match(path), path)
			}
		})
	}
}

func TestNewRouteErrors(t *testing.T) {
	for pattern, want := range map[string]string{
		"":         `write "*"`,
		"api":      `did you mean "/api"?`,
		"/x[":      "not a glob",
		"/x{a":     "not a glob",
		"http://x": "starts with",
	} {
		_, err := plan.NewRoute(pattern, plan.Pos{})
		assert.ErrorContains(t, err, want, pattern)
	}
}
