package proxy

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/decide"
	"github.com/ldcorn/ldcorn/engine/http1"
	"github.com/ldcorn/ldcorn/engine/match"
	"github.com/ldcorn/ldcorn/engine/plan"
)

// patterns returns n routes of one kind that match none of our requests, and a
// last route that matches every path.
func patterns(t testing.TB, n int, kind string) []plan.Route {
	t.Helper()
	var out []plan.Route
	for i := range n {
		var m match.Matcher
		test, err := match.NewTest(match.TestRegex, fmt.Sprintf("(a|b|ab)*c%d", i))
		require.NoError(t, err)
		switch kind {
		case "header":
			m = match.Header("x-a", test)
		case "cookie":
			m = match.Cookie("a", test)
		case "query":
			m = match.Query("a", test)
		case "path":
			m, err = match.Regex(fmt.Sprintf("(a|b|ab)*c%d", i))
			require.NoError(t, err)
		case "large":
			m, err = match.Regex(fmt.Sprintf("[ab]{0,20}c%d", i))
			require.NoError(t, err)
		case "decoded":
			equal, err := match.NewTest(match.TestEqual, fmt.Sprint(i))
			require.NoError(t, err)
			m = match.All(match.Not(match.Query("a", equal)), match.Not(match.Query("a", match.Test{})))
		case "percent":
			m = match.Percent(match.NewShare(0, match.Key{By: match.KeyHeader, Name: "x-a"}, fmt.Sprint(i)))
		case "glob", "braces", "classes":
			format := map[string]string{"glob": "/**a*b**%d", "braces": "/**.{js,c%d}", "classes": "/**[ab]?%d"}[kind]
			r, err := plan.NewRoute(fmt.Sprintf(format, i), plan.Pos{})
			require.NoError(t, err)
			out = append(out, r)
			continue
		}
		out = append(out, plan.Route{Matcher: m})
	}
	any, err := plan.NewRoute("*", plan.Pos{})
	require.NoError(t, err)
	return append(out, any)
}

var costly = map[string]string{
	"header":  "GET / HTTP/1.1\r\nHost: a\r\nX-A: TEXT\r\n\r\n",
	"cookie":  "GET / HTTP/1.1\r\nHost: a\r\nCookie: a=TEXT\r\n\r\n",
	"query":   "GET /?a=TEXT HTTP/1.1\r\nHost: a\r\n\r\n",
	"path":    "GET /TEXT HTTP/1.1\r\nHost: a\r\n\r\n",
	"percent": "GET / HTTP/1.1\r\nHost: a\r\nX-A: TEXT\r\n\r\n",
	"glob":    "GET /TEXT HTTP/1.1\r\nHost: a\r\n\r\n",
	"braces":  "GET /TEXT HTTP/1.1\r\nHost: a\r\n\r\n",
	"classes": "GET /TEXT HTTP/1.1\r\nHost: a\r\n\r\n",
	"large":   "GET /TEXT HTTP/1.1\r\nHost: a\r\n\r\n",
	"decoded": "GET /?a=%20TEXT HTTP/1.1\r\nHost: a\r\n\r\n",
}

// TestCostlyRoutes checks that no client can make the search for a route take
// long. Such a request is refused, so padding a header cannot bypass a route.
func TestCostlyRoutes(t *testing.T) {
	many := map[string]int{"glob": 4000, "decoded": 400, "percent": 400}
	if raceEnabled { // makes the search ten times as long, on a machine that others use too
		many["glob"] = 1000
	}
	for kind, in := range costly {
		t.Run(kind, func(t *testing.T) {
			p := planOf(t, map[string]string{"default": "*"})
			p.MaxHeaderSize = 64 << 10
			p.Groups[0].Routes = patterns(t, max(many[kind], 100), kind)
			r := newRig(t, "goroutine", p)
			u := r.worker("default", answering(hello))
			long := strings.ReplaceAll(in, "TEXT", strings.Repeat("ab", 25_000))
			short := strings.ReplaceAll(in, "TEXT", strings.Repeat("ab", 100))
			got := r.send(short + long + strings.Replace(short, "Host: a", "Host: a\r\nConnection: close", 1))
			assert.Equal(t, 2, strings.Count(got, "HTTP/1.1 200 OK\r\n"), "%.300q", got)
			assert.Equal(t, 1, strings.Count(got, "HTTP/1.1 431 "), "%.300q", got)
			assert.Equal(t, 2, u.heads())
		})
	}
}

// TestManyRoutes checks that a request of ordinary length is compared with all
// routes, however many there are.
func TestManyRoutes(t *testing.T) {
	for kind, in := range costly {
		t.Run(kind, func(t *testing.T) {
			p := planOf(t, map[string]string{"default": "*"})
			p.Groups[0].Routes = patterns(t, 6000, kind)
			r := newRig(t, "goroutine", p)
			r.worker("default", answering(hello))
			text := strings.Repeat("z", 120)
			got := r.send(strings.NewReplacer("TEXT", text, "Host: a", "Host: a\r\nConnection: close").Replace(in))
			assert.Contains(t, got, "HTTP/1.1 200 OK\r\n")
		})
	}
}

// BenchmarkCostlyRoutes searches for the route of a head of 50 KB.
func BenchmarkCostlyRoutes(b *testing.B) {
	for kind, in := range costly {
		b.Run(kind, func(b *testing.B) {
			p := &plan.Plan{Groups: []*plan.Group{{Name: "a", Routes: patterns(b, 1000, kind)}}}
			x := newHTTP1Client(nil)
			x.request.view.Head = &x.head.Request
			x.request.snap = &Snapshot{Plan: p, Decider: decide.New(p, func(string) Target { return Target{} })}
			head := []byte(strings.ReplaceAll(in, "TEXT", strings.Repeat("ab", 25_000)))
			n, refused := x.head.Parse(head, &http1.Limits{MaxHead: 1 << 20, MaxLine: 1 << 20, MaxFields: 128})
			require.True(b, refused == nil && n > 0)
			for b.Loop() {
				_, err := x.request.route()
				require.ErrorIs(b, err, errCostly)
			}
		})
	}
}
