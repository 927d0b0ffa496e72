package match_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/match"
)

func TestPatternTakes(t *testing.T) {
	tests := []struct {
		pattern string
		kind    match.PatternKind
		literal string
		yes, no []string
	}{
		{"*", match.PatternAny, "", []string{"/", "/x", "/x/y", ""}, nil},
		{"/ml", match.PatternStart, "/ml", []string{"/ml", "/ml/x", "/mlx"}, []string{"/m", "/", "/x/ml"}},
		{"/a b", match.PatternStart, "/a b", []string{"/a b", "/a bc"}, []string{"/a%20b"}},
		{"/api/*", match.PatternGlob, "/api/", []string{"/api/x", "/api/x/y", "/api/"}, []string{"/api", "/apix"}},
		{"/*/x", match.PatternGlob, "/", []string{"/a/x"}, []string{"/a/b/x", "/a/x/y"}},
		{"/**/x", match.PatternGlob, "/", []string{"/a/x", "/a/b/x"}, []string{"/a/y"}},
		{"/a?c", match.PatternGlob, "/a", []string{"/abc"}, []string{"/ac", "/a/c", "/abcd"}},
		{"/[ab]", match.PatternGlob, "/", []string{"/a", "/b"}, []string{"/c"}},
		{"/{a,bc}/x", match.PatternGlob, "/", []string{"/a/x", "/bc/x"}, []string{"/b/x"}},
		{"*.png", match.PatternGlob, "", []string{"x.png"}, []string{"/x.pngs"}},
	}
	for _, tt := range tests {
		t.Run(tt.pattern, func(t *testing.T) {
			r, err := match.NewPattern(tt.pattern)
			require.NoError(t, err)
			assert.Equal(t, tt.pattern, r.Text)
			assert.Equal(t, tt.kind, r.Kind)
			assert.Equal(t, tt.literal, r.Literal)
			for _, path := range tt.yes {
				assert.True(t, r.Takes(path), path)
			}
			for _, path := range tt.no {
				assert.False(t, r.Takes(path), path)
			}
		})
	}
}

func TestNewPatternErrors(t *testing.T) {
	for pattern, want := range map[string]string{
		"":         `write "*"`,
		"api":      `did you mean "/api"?`,
		"/x[":      "not a glob",
		"/x{a":     "not a glob",
		"http://x": "starts with",
	} {
		_, err := match.NewPattern(pattern)
		assert.ErrorContains(t, err, want, pattern)
	}
}
