package match

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// anyMatcher returns a random matcher from a few words, so that two of them
// have much in common.
func anyMatcher(t testing.TB, r *rand.Rand, depth int) Matcher {
	word := func() string { return []string{"/", "/a", "/a/", "/a/b", "/ab", "/b"}[r.IntN(6)] }
	parts := func() []Matcher { return []Matcher{anyMatcher(t, r, depth-1), anyMatcher(t, r, depth-1)} }
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
			return All(parts()...)
		case 14:
			return Any(parts()...)
		}
		return Not(anyMatcher(t, r, depth-1))
	case kind == 0:
		return Path(word(), word())
	case kind == 1:
		return Prefix(word(), word())
	case kind == 2:
		return globOf(t, word()+"*")
	case kind == 3:
		return regexOf(t, []string{"^/a", "/b", "^/a.*x"}[r.IntN(3)])
	case kind == 4:
		return Host([]string{"a.com", "*.a.com", "b.a.com", "*.b.a.com", "c.b.a.com"}[r.IntN(5)])
	case kind == 5:
		return Method([]string{"GET", "POST"}[r.IntN(2)])
	case kind == 6:
		return Header(name, test())
	case kind == 7:
		return Cookie(name, test())
	case kind == 8:
		return Query(name, test())
	case kind == 9:
		return ClientIP(netip.MustParsePrefix([]string{"10.0.0.0/8", "10.1.2.3/16", "10.1.0.0/24", "::/0", "10.1.0.1/32"}[r.IntN(5)]))
	case kind == 10:
		return Percent(NewShare(float64(1+r.IntN(3)), Key{By: []KeyKind{KeyCookie, KeyHeader}[r.IntN(2)], Name: name}, ""))
	}
	return Websocket()
}

func globOf(t testing.TB, text string) Matcher {
	t.Helper()
	m, err := Glob(text)
	require.NoError(t, err)
	return m
}

func regexOf(t testing.TB, expr string) Matcher {
	t.Helper()
	m, err := Regex(expr)
	require.NoError(t, err)
	return m
}

// TestCoverLeavesOutNone: a matcher that takes everything that another takes is
// found.
func TestCoverLeavesOutNone(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	found := 0
	for range 20_000 {
		a, b := anyMatcher(t, r, 2), anyMatcher(t, r, 2)
		if r.IntN(4) == 0 {
			p, err := NewPattern([]string{"/a", "/a/b", "/a*", "/a/*"}[r.IntN(4)])
			require.NoError(t, err)
			b = p
		}
		c := NewComparer(context.Background())
		if !c.Implies(b, a) {
			continue
		}
		found++
		x := NewCover(c)
		x.Add(a)
		require.Zero(t, x.First(b), "%v takes all of %v", a, b)
	}
	require.Greater(t, found, 300)
}

// TestCoverOfMany: 10,000 matchers need few comparisons. Those that cannot be
// looked up need no more than the maximum.
func TestCoverOfMany(t *testing.T) {
	for kind, of := range map[string]func(i int) Matcher{
		"prefixes":    func(i int) Matcher { return Prefix(fmt.Sprint("/p", i)) },
		"hosts":       func(i int) Matcher { return Host(fmt.Sprintf("h%d.example.com", i)) },
		"headers":     func(i int) Matcher { return Header(fmt.Sprint("x-", i), Test{}) },
		"globs":       func(i int) Matcher { return globOf(t, fmt.Sprintf("/*/g%d", i)) },
		"expressions": func(i int) Matcher { return regexOf(t, fmt.Sprintf("/r%d$", i)) },
		"shares": func(i int) Matcher {
			return Percent(NewShare(5, Key{By: KeyCookie, Name: fmt.Sprint("c", i)}, ""))
		},
		"combined":  func(i int) Matcher { return All(Method("GET"), Prefix(fmt.Sprint("/p", i)), Not(Websocket())) },
		"negations": func(i int) Matcher { return Not(Path(fmt.Sprint("/p", i))) },
	} {
		c := NewComparer(context.Background())
		x := NewCover(c)
		for i := range 10_000 {
			m := of(i)
			assert.Empty(t, c.Never(m))
			require.Equal(t, -1, x.First(m))
			x.Add(m)
		}
		if kind == "negations" {
			assert.True(t, c.GaveUp(), kind)
			continue
		}
		assert.Greater(t, c.left, MaxComparisons-300_000, kind)
	}
}

// TestComparerEndsWithItsContext: a caller that gives up does not have to wait.
func TestComparerEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	c := NewComparer(ctx)
	x := NewCover(c)
	for i := range 2000 {
		m := Not(Path(fmt.Sprint("/p", i)))
		x.First(m)
		x.Add(m)
	}
	assert.True(t, c.GaveUp())
	assert.Greater(t, c.left, -MaxComparisons/2) // it stopped instead of counting down
}
