package plan

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// anyMatcher makes a matcher of few words, so that two have much in common.
func anyMatcher(t testing.TB, r *rand.Rand, depth int) *Matcher {
	word := func() string { return []string{"/", "/a", "/a/", "/a/b", "/ab", "/b"}[r.IntN(6)] }
	parts := func() []*Matcher { return []*Matcher{anyMatcher(t, r, depth-1), anyMatcher(t, r, depth-1)} }
	test := func() Test {
		out, err := NewTest([]TestKind{TestAny, TestEqual, TestGlob, TestRegex}[r.IntN(4)], []string{"v", "^v", "v*"}[r.IntN(3)])
		require.NoError(t, err)
		return out
	}
	name := []string{"x", "y"}[r.IntN(2)]
	switch kind := r.IntN(16); {
	case kind > 12 && depth > 0:
		switch kind {
		case 13:
			return NewAllMatcher(parts()...)
		case 14:
			return NewAnyMatcher(parts()...)
		}
		return NewNotMatcher(anyMatcher(t, r, depth-1))
	case kind == 0:
		return NewPathMatcher(word(), word())
	case kind == 1:
		return NewPrefixMatcher(word(), word())
	case kind == 2:
		m, err := NewGlobMatcher(word() + "*")
		require.NoError(t, err)
		return m
	case kind == 3:
		m, err := NewRegexMatcher([]string{"^/a", "/b", "^/a.*x"}[r.IntN(3)])
		require.NoError(t, err)
		return m
	case kind == 4:
		return NewHostMatcher([]string{"a.com", "*.a.com", "b.a.com", "*.b.a.com", "c.b.a.com"}[r.IntN(5)])
	case kind == 5:
		return NewMethodMatcher([]string{"GET", "POST"}[r.IntN(2)])
	case kind == 6:
		return NewHeaderMatcher(name, test())
	case kind == 7:
		return NewCookieMatcher(name, test())
	case kind == 8:
		return NewQueryMatcher(name, test())
	case kind == 9:
		return NewClientIPMatcher(netip.MustParsePrefix([]string{"10.0.0.0/8", "10.1.2.3/16", "10.1.0.0/24", "::/0", "10.1.0.1/32"}[r.IntN(5)]))
	case kind == 10:
		return NewPercentMatcher(NewShare(float64(1+r.IntN(3)), Key{By: []KeyKind{KeyCookie, KeyHeader}[r.IntN(2)], Name: name}, ""))
	}
	return NewWebsocketMatcher()
}

// TestIndexLeavesOutNone: whatever takes all that another takes is among its
// candidates.
func TestIndexLeavesOutNone(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	found := 0
	for range 20_000 {
		a, b := anyMatcher(t, r, 2), anyMatcher(t, r, 2)
		if r.IntN(4) == 0 {
			route, err := NewRoute([]string{"/a", "/a/b", "/a*", "/a/*"}[r.IntN(4)], Pos{})
			require.NoError(t, err)
			b = route.asMatcher()
		}
		if !newLogic(context.Background()).implies(b, a) {
			continue
		}
		found++
		var x reachIndex
		x.add(a, 7)
		require.Equal(t, []int{7}, x.candidates(b, nil), "%v takes all of %v", a, b)
	}
	require.Greater(t, found, 300)
}

// manyRoutes are n routes of a kind, for the bound of comparisons.
var manyRoutes = map[string]func(i int) *Matcher{
	"prefixes": func(i int) *Matcher { return NewPrefixMatcher(fmt.Sprint("/p", i)) },
	"hosts":    func(i int) *Matcher { return NewHostMatcher(fmt.Sprintf("h%d.example.com", i)) },
	"headers":  func(i int) *Matcher { return NewHeaderMatcher(fmt.Sprint("x-", i), Test{}) },
	"globs": func(i int) *Matcher {
		m, _ := NewGlobMatcher(fmt.Sprintf("/*/g%d", i))
		return m
	},
	"expressions": func(i int) *Matcher {
		m, _ := NewRegexMatcher(fmt.Sprintf("/r%d$", i))
		return m
	},
	"combined": func(i int) *Matcher {
		return NewAllMatcher(NewMethodMatcher("GET"), NewPrefixMatcher(fmt.Sprint("/p", i)), NewNotMatcher(NewWebsocketMatcher()))
	},
	"negations": func(i int) *Matcher { return NewNotMatcher(NewPathMatcher(fmt.Sprint("/p", i))) },
}

func manyOf(kinds ...string) *Plan {
	const n = 10_000
	group := &Group{Name: "a"}
	for i := range n {
		group.Routes = append(group.Routes, NewMatcherRoute(manyRoutes[kinds[i%len(kinds)]](i), Pos{}))
	}
	for i := range n {
		r, _ := NewRoute(fmt.Sprintf([]string{"/s%d", "/s%d/*", "/*/s%d"}[i%3], i), Pos{})
		group.Routes = append(group.Routes, r)
	}
	group.Routes = append(group.Routes, Route{Kind: RouteAny, Pattern: "*"})
	return &Plan{Groups: []*Group{group}}
}

// TestManyRoutes: 20,000 routes take few comparisons; those that cannot be
// looked up take no more than there may be, and that is said.
func TestManyRoutes(t *testing.T) {
	for kind := range manyRoutes {
		p := manyOf(kind)
		l := newLogic(context.Background())
		never := l.neverMatch(p)
		assert.Empty(t, l.unreachable(p, never), kind)
		if kind == "negations" {
			assert.True(t, l.gaveUp(), kind)
			problems := Validate(context.Background(), p)
			assert.Equal(t, CodeUnchecked, problems[len(problems)-1].Code)
			continue
		}
		assert.Greater(t, l.steps, maxLogic-300_000, kind)
	}
}

// TestValidateEndsWithItsContext: whoever waits for it no more need not.
func TestValidateEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	l := newLogic(ctx)
	l.unreachable(manyOf("negations"), nil)
	assert.True(t, l.gaveUp())
	assert.Greater(t, l.steps, -maxLogic/2) // not counted down, but stopped
}

// BenchmarkValidate has 20,000 routes of each kind, and of all of them.
func BenchmarkValidate(b *testing.B) {
	all := []string{}
	for kind := range manyRoutes {
		all = append(all, kind)
		b.Run(kind, func(b *testing.B) {
			p := manyOf(kind)
			for b.Loop() {
				Validate(context.Background(), p)
			}
		})
	}
	b.Run("all", func(b *testing.B) {
		p := manyOf(all...)
		for b.Loop() {
			Validate(context.Background(), p)
		}
	})
}
