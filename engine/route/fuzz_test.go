package route

import (
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/ldcorn/ldcorn/engine/match"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/request"
	"github.com/stretchr/testify/require"
)

// choices is a source of choices: the bytes of a fuzz input, then zeros.
type choices struct{ rest []byte }

func (c *choices) below(n int) int {
	if len(c.rest) == 0 {
		return 0
	}
	b := c.rest[0]
	c.rest = c.rest[1:]
	return int(b) % n
}

func choose[T any](c *choices, from ...T) T { return from[c.below(len(from))] }

// path returns a path. Random tables and requests use a small set of words, so
// that they often match.
func (c *choices) path() string {
	return choose(c, "/", "/a", "/a/b", "/a/b/", "/ab", "/a/bc", "/b", "/b/a", "//a", "/a.js", "/b/c.js")
}
func (c *choices) host() string {
	return choose(c, "a.test", "b.a.test", "c.b.a.test", "test", "[::1]", "b.test")
}
func (c *choices) value() string  { return choose(c, "", "1", "2", "10", "x1", "v2") }
func (c *choices) name() string   { return choose(c, "x-a", "x-b", "x-c") }
func (c *choices) method() string { return choose(c, "GET", "POST", "PUT") }
func (c *choices) ip() string {
	return choose(c, "10.0.0.1", "10.0.1.1", "192.0.2.1", "::1", "2001:db8::1", "2001:db8:1::1")
}

func (c *choices) test(t *testing.T) match.Test {
	var test match.Test
	var err error
	switch c.below(4) {
	case 1, 2:
		test, err = match.NewTest(match.TestEqual, c.value())
	case 3:
		if c.below(2) == 0 {
			test, err = match.NewTest(match.TestGlob, choose(c, "*", "1*", "?", "{1,x1}", "[0-9]*"))
		} else {
			test, err = match.NewTest(match.TestRegex, choose(c, "1", "^1", "^v[12]$", ".", "^$"))
		}
	}
	require.NoError(t, err)
	return test
}

func (c *choices) key() match.Key {
	return choose(c, match.Key{By: match.KeyClientIP}, match.Key{By: match.KeyCookie, Name: c.name()}, match.Key{By: match.KeyHeader, Name: c.name()})
}

func (c *choices) matcher(t *testing.T, depth int) match.Matcher {
	kinds := 11
	if depth > 0 {
		kinds = 15
	}
	switch c.below(kinds) {
	case 0:
		return match.Path(c.path(), c.path())
	case 1:
		return match.Prefix(c.path())
	case 2:
		m, err := match.Glob(choose(c, "/a*", "/*/b", "/a/*", "**.js", "/[ab]/**", "/a/b/*", "*"))
		require.NoError(t, err)
		return m
	case 3:
		m, err := match.Regex(choose(c, "^/a/", "js$", "^/ab?$", "b", "^(/a|/b)", "^/a/b|/c"))
		require.NoError(t, err)
		return m
	case 4:
		return match.Host(choose(c, "a.test", "*.a.test", "*.test", "[::1]", "*.b.a.test"))
	case 5:
		return match.Method(c.method(), c.method())
	case 6:
		return match.Header(choose(c, "x-a", "x-b", "host", "cookie"), c.test(t))
	case 7:
		return match.Cookie(c.name(), c.test(t))
	case 8:
		return match.Query(c.name(), c.test(t))
	case 9:
		return match.ClientIP(netip.MustParsePrefix(choose(c, "10.0.0.0/24", "10.0.0.0/8", "0.0.0.0/0", "::1/128", "2001:db8::/32")))
	case 10:
		if c.below(2) == 0 {
			return match.Websocket()
		}
		return match.Percent(match.NewShare(choose(c, 0.0, 10, 50, 99.5, 100), c.key(), ""))
	case 11:
		return match.Not(c.matcher(t, depth-1))
	case 12:
		return match.Any(c.matcher(t, depth-1), c.matcher(t, depth-1))
	}
	return match.All(c.matcher(t, depth-1), c.matcher(t, depth-1))
}

// plan returns a plan with up to forty routes.
func (c *choices) plan(t *testing.T) *plan.Plan {
	p := &plan.Plan{}
	for i := range 3 {
		p.Groups = append(p.Groups, &plan.Group{Name: string(rune('a' + i))})
	}
	for n, i := c.below(41), 0; i < n; i++ {
		group := p.Groups[i*len(p.Groups)/n]
		if c.below(3) > 0 {
			group.Routes = append(group.Routes, plan.Route{Matcher: c.matcher(t, 2)})
			continue
		}
		r, err := plan.NewRoute(choose(c, "/a", "/a/b", "/b*", "/a/*", "*", "/", "/b"), plan.Pos{})
		require.NoError(t, err)
		group.Routes = append(group.Routes, r)
	}
	return p
}

const optionsStar = "OPTIONS *"

func (c *choices) request(t *testing.T) match.Request {
	url := "http://" + c.host() + choose(c, "", ":80") + c.path()
	for sep, n := "?", c.below(3); n > 0; sep, n = "&", n-1 {
		url += sep + c.name() + "=" + c.value()
	}
	opts := request.SampleOptions{ClientIP: netip.MustParseAddr(c.ip()), Websocket: c.below(4) == 1}
	for n := c.below(4); n > 0; n-- {
		name := choose(c, "x-a", "x-b", "cookie")
		value := c.value()
		if name == "cookie" {
			value = c.name() + "=" + value
		}
		opts.Headers = append(opts.Headers, request.Header{Name: name, Value: value})
	}
	line := c.method() + " " + url
	switch {
	case opts.Websocket:
		line = "GET " + url
	case c.below(8) == 1:
		line = optionsStar
	}
	s, err := request.NewSample(line, opts)
	require.NoError(t, err)
	return s
}

// naiveRequest applies the rules literally: matchers in the order written, then
// strings by the length of their literal, then "*".
func naiveRequest(p *plan.Plan, r match.Request) string {
	for _, group := range p.Groups {
		for i := range group.Routes {
			if group.Routes[i].Pattern() == nil && group.Routes[i].Match(r) {
				return group.Name
			}
		}
	}
	return naive(p, string(r.Path()))
}

// FuzzMatchers compares the compiled table with a literal application of the
// rules for random tables and requests, and checks Explain and Validate against
// both: a route that Validate says is never reached never is.
func FuzzMatchers(f *testing.F) {
	for seed := range 32 {
		random := rand.New(rand.NewPCG(uint64(seed), 0))
		b := make([]byte, 2000)
		for i := range b {
			b[i] = byte(random.Uint32())
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		c := &choices{rest: b}
		p := c.plan(t)
		table := Compile(p, name)
		dead := make(map[*plan.Route]string)
		for _, problem := range plan.Validate(t.Context(), p) {
			if problem.Code == plan.CodeUnreachable || problem.Code == plan.CodeImpossible {
				dead[problem.Place.Route] = problem.Message
			}
		}
		for range 16 {
			r := c.request(t)
			want := naiveRequest(p, r)
			if _, route, _ := table.Find(r); route != nil {
				if why := dead[route]; string(r.Path()) != "*" || !strings.HasSuffix(why, "no request except "+optionsStar) {
					require.Empty(t, why)
				}
			}
			got, ok := table.Match(r)
			require.Equal(t, want, got)
			require.Equal(t, want != "", ok)
			steps := table.Explain(r)
			i := slices.IndexFunc(steps, func(s Step[string]) bool { return s.Matched })
			require.Equal(t, ok, i >= 0)
			if ok {
				require.Equal(t, len(steps)-1, i, "the winner is the last one tried")
				require.Equal(t, want, steps[i].Value)
			}
			for _, s := range steps {
				require.Equal(t, s.Matched, s.Route.Match(r), s.Route)
				require.Equal(t, s.Matched, s.Why == "", s.Route)
			}
		}
	})
}
