package match_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/match"
	"github.com/ldcorn/ldcorn/engine/request"
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func equal(v string) match.Test { return must(match.NewTest(match.TestEqual, v)) }
func globs(v string) match.Test { return must(match.NewTest(match.TestGlob, v)) }
func regex(v string) match.Test { return must(match.NewTest(match.TestRegex, v)) }

// sample returns a request for a line, with headers by name and value.
func sample(t testing.TB, line string, headers ...string) *request.Sample {
	t.Helper()
	opts := request.SampleOptions{ClientIP: netip.MustParseAddr("203.0.113.9")}
	for i := 0; i < len(headers); i += 2 {
		opts.Headers = append(opts.Headers, request.Header{Name: headers[i], Value: headers[i+1]})
	}
	s, err := request.NewSample(line, opts)
	require.NoError(t, err)
	return s
}

// TestMatchers is a table of what each matcher takes, and how it is written.
func TestMatchers(t *testing.T) {
	get := func(line string, headers ...string) match.Request { return sample(t, line, headers...) }
	header, cookie, query := match.Header, match.Cookie, match.Query
	for _, c := range []struct {
		m       match.Matcher
		text    string
		yes, no []match.Request
	}{
		{match.Path("/x", "/y/z"), `path("/x", "/y/z")`,
			[]match.Request{get("/x"), get("/x?q"), get("/y/z"), get("/%78")},
			[]match.Request{get("/x/"), get("/xx"), get("/"), get("/y")}},
		{match.Prefix("/x"), `prefix("/x")`,
			[]match.Request{get("/x"), get("/x/"), get("/x/y"), get("/x%2Fy")},
			[]match.Request{get("/xx"), get("/"), get("/X")}},
		{match.Prefix("/x/"), `prefix("/x/")`, []match.Request{get("/x/"), get("/x/y")}, []match.Request{get("/x"), get("/xx/")}},
		{match.Prefix("/"), `prefix("/")`, []match.Request{get("/"), get("/x")}, []match.Request{get("OPTIONS *")}},
		{must(match.Glob("/a/*/c/*")), `glob("/a/*/c/*")`,
			[]match.Request{get("/a/b/c/d"), get("/a/b/c/d/e")}, []match.Request{get("/a/b/b/c/d"), get("/a/b/c")}},
		{must(match.Regex(`^/v\d+/`)), `regex("^/v\\d+/")`,
			[]match.Request{get("/v1/"), get("/v12/x")}, []match.Request{get("/v/"), get("/x/v1/")}},
		{must(match.Regex(`a`)), `regex("a")`, []match.Request{get("/xay")}, []match.Request{get("/x")}},
		{match.Host("example.com", "*.example.com"), `host("example.com", "*.example.com")`,
			[]match.Request{get("http://example.com/"), get("http://EXAMPLE.com:80/"), get("http://a.b.example.com./")},
			[]match.Request{get("http://notexample.com/"), get("http://example.com.evil/"), get("/")}},
		{match.Host("*.example.com"), `host("*.example.com")`,
			[]match.Request{get("http://a.example.com/")}, []match.Request{get("http://example.com/")}},
		{match.Method("GET", "PUT"), `method("GET", "PUT")`, []match.Request{get("/"), get("PUT /")}, []match.Request{get("HEAD /"), get("POST /")}},
		{header("x-a", match.Test{}), `header("x-a")`,
			[]match.Request{get("/", "X-A", "1"), get("/", "x-a", "")}, []match.Request{get("/"), get("/", "X-AB", "1")}},
		{header("x-a", equal("1")), `header("x-a", "1")`,
			[]match.Request{get("/", "X-A", "1"), get("/", "X-A", "0", "X-A", "1")}, []match.Request{get("/", "X-A", "1 2"), get("/")}},
		{header("x-a", globs("v*")), `header("x-a", glob="v*")`, []match.Request{get("/", "X-A", "v/1")}, []match.Request{get("/", "X-A", "av")}},
		{header("x-a", regex("(?i)v")), `header("x-a", regex="(?i)v")`, []match.Request{get("/", "X-A", "aVa")}, []match.Request{get("/", "X-A", "w")}},
		{header("host", globs("api-*.example.com")), `header("host", glob="api-*.example.com")`,
			[]match.Request{get("http://api-1.example.com/")}, []match.Request{get("http://api.example.com/")}},
		{cookie("sid", match.Test{}), `cookie("sid")`,
			[]match.Request{get("/", "Cookie", "a=b; sid=1"), get("/", "Cookie", "sid=")}, []match.Request{get("/"), get("/", "Cookie", "SID=1")}},
		{cookie("sid", equal("1")), `cookie("sid", "1")`,
			[]match.Request{get("/", "Cookie", "sid=2; sid=1"), get("/", "Cookie", `sid="1"`)}, []match.Request{get("/", "Cookie", "sid=1; sid=2")}},
		{query("q", match.Test{}), `query("q")`, []match.Request{get("/?q"), get("/?a&q=1")}, []match.Request{get("/"), get("/?qq=1")}},
		{query("q", equal("a b")), `query("q", "a b")`, []match.Request{get("/?q=a+b"), get("/?q=a%20b")}, []match.Request{get("/?q=ab")}},
		{match.ClientIP(netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("::1/128")), `client_ip("203.0.113.0/24", "::1")`,
			[]match.Request{get("/")}, nil},
		{match.ClientIP(netip.MustParsePrefix("10.0.0.0/8")), `client_ip("10.0.0.0/8")`, nil, []match.Request{get("/")}},
		{match.Websocket(), `websocket()`, []match.Request{get("ws://a/")}, []match.Request{get("/")}},
		{match.All(match.Method("GET"), match.Path("/x")), `method("GET") & path("/x")`,
			[]match.Request{get("/x")}, []match.Request{get("/y"), get("POST /x")}},
		{match.All(match.Any(header("a", match.Test{}), header("b", match.Test{})), match.Not(match.Websocket())),
			`(header("a") | header("b")) & ~websocket()`,
			[]match.Request{get("/", "a", "1"), get("/", "b", "1")}, []match.Request{get("/"), get("ws://a/", "a", "1")}},
		{match.Not(match.Any(match.Path("/x"), match.Any(match.Path("/y"), match.Path("/z")))),
			`~(path("/x") | path("/y") | path("/z"))`, []match.Request{get("/")}, []match.Request{get("/x"), get("/y"), get("/z")}},
		{match.Not(match.Not(match.Path("/x"))), `path("/x")`, nil, nil},
		{match.All(match.Path("/x")), `path("/x")`, nil, nil},
	} {
		assert.Equal(t, c.text, c.m.String())
		for i, r := range c.yes {
			assert.True(t, c.m.Match(r), "%s takes request %d", c.m, i)
		}
		for i, r := range c.no {
			assert.False(t, c.m.Match(r), "%s does not take request %d", c.m, i)
			assert.NotEmpty(t, c.m.WhyNot(r))
		}
		for _, r := range append(c.yes, c.no...) {
			c.m.Match(r)
			// Regular expressions and globs keep their state in a sync.Pool,
			// which drops items at random under the race detector.
			if !strings.Contains(c.text, "regex") && !strings.Contains(c.text, "glob") {
				assert.Zero(t, testing.AllocsPerRun(10, func() { c.m.Match(r) }), c.text)
			}
		}
	}
}

// TestPercent: a client is in a share always or never, the share has the right
// size, a smaller share is within a larger one, and another salt makes another
// choice.
func TestPercent(t *testing.T) {
	by := match.Key{By: match.KeyCookie, Name: "uid"}
	share := func(p float64, salt string) match.Matcher { return match.Percent(match.NewShare(p, by, salt)) }
	five, ten, other := share(5, ""), share(10, ""), share(10, "checkout")
	const clients = 5000
	count := map[match.Matcher]int{}
	both := 0
	for i := range clients {
		r := sample(t, "/", "Cookie", fmt.Sprintf("uid=%d", i))
		for _, m := range []match.Matcher{five, ten, other, share(0.5, ""), share(0, ""), share(100, "")} {
			if m.Match(r) {
				count[m]++
			}
		}
		if five.Match(r) {
			assert.True(t, ten.Match(r), "shares nest")
		}
		if ten.Match(r) && other.Match(r) {
			both++
		}
		assert.True(t, share(100, "").Match(r))
		assert.False(t, share(0, "").Match(r))
	}
	assert.InDelta(t, clients*5/100, count[five], clients/100)
	assert.InDelta(t, clients*10/100, count[ten], clients/100)
	assert.InDelta(t, clients*10/100, count[other], clients/100)
	assert.InDelta(t, clients/100, both, clients/200, "independent of each other")
	for _, r := range []match.Request{sample(t, "/"), sample(t, "/", "Cookie", "uid=")} {
		assert.False(t, share(100, "").Match(r), "who has no key is in no share")
		assert.Contains(t, share(100, "").WhyNot(r), "no such key")
	}
	assert.Equal(t, `percent(0.5, by=by_cookie("uid"), salt="a")`, share(0.5, "a").String())
	everyone := match.Percent(match.NewShare(100, match.Key{By: match.KeyClientIP}, ""))
	assert.True(t, everyone.Match(sample(t, "/")))
}

// TestPercentIsStable: every version selects these clients; an upgrade must not
// change who takes part in a rollout.
func TestPercentIsStable(t *testing.T) {
	m := match.Percent(match.NewShare(10, match.Key{By: match.KeyHeader, Name: "x-user"}, "new"))
	var in []int
	for i := range 60 {
		if m.Match(sample(t, "/", "X-User", fmt.Sprint("user-", i))) {
			in = append(in, i)
		}
	}
	assert.Equal(t, []int{7, 16, 21, 23, 31, 32, 36, 37, 43, 45, 47, 52, 53}, in)
}

func TestWhyNot(t *testing.T) {
	r := sample(t, "POST http://a.test/x?q=2", "X-A", "1", "X-A", "2", "Cookie", "sid=7")
	for want, m := range map[string]match.Matcher{
		`path("/y"): the path is "/x"`:                                              match.Path("/y"),
		`host("b.test"): the host is "a.test"`:                                      match.Host("b.test"),
		`method("GET"): the method is POST`:                                         match.Method("GET"),
		`header("x-a", "3"): the header is "1", "2"`:                                match.Header("x-a", equal("3")),
		`header("x-b"): there is no such header`:                                    match.Header("x-b", match.Test{}),
		`cookie("sid", "8"): the cookie is "7"`:                                     match.Cookie("sid", equal("8")),
		`query("q", "1"): the parameter is "2"`:                                     match.Query("q", equal("1")),
		`client_ip("10.0.0.0/8"): the client is 203.0.113.9`:                        match.ClientIP(netip.MustParsePrefix("10.0.0.0/8")),
		`websocket(): the request is not a websocket`:                               match.Websocket(),
		`~path("/x"): path("/x") does match`:                                        match.Not(match.Path("/x")),
		`path("/y"): the path is "/x"; websocket(): the request is not a websocket`: match.Any(match.Path("/y"), match.Websocket()),
	} {
		assert.Equal(t, want, m.WhyNot(r))
	}
	all := match.All(match.Path("/x"), match.Method("GET"), match.Websocket())
	assert.Equal(t, `method("GET"): the method is POST`, all.WhyNot(r), "the first part that fails")
}

func TestCheckHost(t *testing.T) {
	for in, want := range map[string]string{
		"Example.COM": "example.com", "example.com.": "example.com", "*.Example.com": "*.example.com",
		"localhost": "localhost", "127.0.0.1": "127.0.0.1", "[2001:DB8::1]": "[2001:db8::1]",
		"[0:0:0:0:0:0:0:1]": "[::1]", "[::ffff:a00:1]": "[::ffff:10.0.0.1]", "a_b.test": "a_b.test",
	} {
		got, err := match.CheckHost(in)
		assert.NoError(t, err, in)
		assert.Equal(t, want, got)
	}
	for _, in := range []string{"", "*", "*.", "a..b", ".a", "a b", "http://a", "a/b", "a:80", "::1", "[a]", "*.*.a", "a*", "é.test", "*.[::1]"} {
		_, err := match.CheckHost(in)
		assert.Error(t, err, in)
	}
}

// TestKeyOfARequest: a request with several values has the one that most apps
// read, but none where a client must not be able to have several keys.
func TestKeyOfARequest(t *testing.T) {
	cookie, header := match.Key{By: match.KeyCookie, Name: "sid"}, match.Key{By: match.KeyHeader, Name: "x-user"}
	for _, c := range []struct {
		key         match.Key
		headers     []string
		value, sole string
	}{
		{cookie, nil, "", ""},
		{cookie, []string{"Cookie", `sid="al\151ce"`}, "alice", "alice"},
		{cookie, []string{"Cookie", "sid=x1; sid=alice"}, "alice", ""},
		{cookie, []string{"Cookie", "sid=alice", "Cookie", "sid=alice"}, "alice", "alice"},
		{cookie, []string{"Cookie", "sid=alic%65"}, "alic%65", "alice"},
		{header, nil, "", ""},
		{header, []string{"X-User", "alice"}, "alice", "alice"},
		{header, []string{"X-User", "alice", "x-user", "alice"}, "alice", "alice"},
		{header, []string{"X-User", "alice", "x-user", "alice", "x-user", "x1"}, "alice", ""},
		{match.Key{By: match.KeyClientIP}, nil, "", ""},
		{match.Key{}, nil, "", ""},
	} {
		r := sample(t, "/", c.headers...)
		assert.Equal(t, c.value, string(c.key.Value(r)), "%v %q", c.key, c.headers)
		assert.Equal(t, c.sole, string(c.key.Sole(r)), "%v %q", c.key, c.headers)
	}
}
