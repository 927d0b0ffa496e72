package plan

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/match"
)

func TestStaticString(t *testing.T) {
	assert.Equal(t, `static("/a", dir="/d")`, Static{Prefix: "/a", Dir: "/d", Precompressed: true}.String())
	assert.Equal(t, `static("/a", dir="/d", fallthrough=True, index="i", cache_control="c", precompressed=False)`,
		Static{Prefix: "/a", Dir: "/d", Fallthrough: true, Index: "i", CacheControl: "c"}.String())
}

func TestStaticBelow(t *testing.T) {
	for path, want := range map[string]string{"/a": "", "/a/": "/", "/a/b": "/b", "/ab": "-", "/": "-", "*": "-"} {
		rest, ok := (&Static{Prefix: "/a"}).Below(path)
		if !ok {
			rest = "-"
		}
		assert.Equal(t, want, rest, path)
	}
	rest, ok := (&Static{Prefix: "/"}).Below("/x")
	assert.Equal(t, "/x", rest)
	assert.True(t, ok)
	_, ok = (&Static{Prefix: "/"}).Below("*")
	assert.False(t, ok)
}

// TestDiffStatics checks that statics change in place, and that their positions do not
// matter.
func TestDiffStatics(t *testing.T) {
	before, after := NewPlan(), NewPlan()
	before.Statics = []Static{{Prefix: "/a", Dir: "/d", Pos: Pos{Line: 1}}}
	after.Statics = []Static{{Prefix: "/a", Dir: "/d", Pos: Pos{Line: 2}}}
	assert.Empty(t, Diff(before, after, DiffOptions{}).Plan)
	after.Statics[0].Fallthrough = true
	changes := Diff(before, after, DiffOptions{}).Plan
	require.Len(t, changes, 1)
	assert.Equal(t, EffectProxy, changes[0].Effect)
	assert.Contains(t, changes[0].After, "fallthrough=True")
}

// TestHiddenRoutes checks which routes a static hides.
func TestHiddenRoutes(t *testing.T) {
	for text, want := range map[string]string{
		"/a": "", "/a/x": "hidden", "/a*": "", "/ab": "", "/": "", "*": "", "/a/*.js": "hidden", "prefix /a/b": "hidden", "method": "", "path /a": "hidden",
	} {
		for _, s := range []Static{{Prefix: "/a"}, {Prefix: "/a", Fallthrough: true}, {Prefix: "/"}} {
			p := NewPlan()
			p.Statics = []Static{s}
			var r Route
			kind, rest, _ := strings.Cut(text, " ")
			switch kind {
			case "prefix":
				r.Matcher = match.Prefix(rest)
			case "path":
				r.Matcher = match.Path(rest)
			case "method":
				r.Matcher = match.Method("GET")
			default:
				var err error
				r, err = NewRoute(text, Pos{Line: 1})
				require.NoError(t, err)
			}
			p.Groups = []*Group{{Name: "g", Routes: []Route{r}}}
			hides := len(hiddenRoutes(match.NewComparer(t.Context()), p)) > 0
			expected := want != ""
			if s.Prefix == "/" {
				expected = text != "method"
			}
			assert.Equal(t, expected && !s.Fallthrough, hides, "%s below %v", text, s)
		}
	}
}
