package plan_test

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/ldcorn/ldcorn/engine/match"
	"github.com/ldcorn/ldcorn/engine/plan"
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func equal(v string) match.Test { return must(match.NewTest(match.TestEqual, v)) }
func globs(v string) match.Test { return must(match.NewTest(match.TestGlob, v)) }

// problems validates a plan with one group per route, and returns the code of
// each route's problem, or "". A string is a route string.
func problems(t *testing.T, routes ...any) []string {
	t.Helper()
	p := &plan.Plan{}
	for i, r := range routes {
		group := &plan.Group{Name: string(rune('a' + i))}
		switch r := r.(type) {
		case string:
			group.Routes = []plan.Route{must(plan.NewRoute(r, plan.Pos{}))}
		case match.Matcher:
			group.Routes = []plan.Route{plan.Route{Matcher: r}}
		}
		p.Groups = append(p.Groups, group)
	}
	out := make([]string, len(routes))
	for _, problem := range plan.Validate(t.Context(), p) {
		for i, group := range p.Groups {
			if problem.Place.Group == group {
				out[i] += problem.Code
			}
		}
	}
	return out
}

// TestReach is a table of routes that are never reached, and of routes that
// only look so: a wrong warning is worse than none.
func TestReach(t *testing.T) {
	const never, unreached, ok = plan.CodeImpossible, plan.CodeUnreachable, ""
	path, prefix, host, method := match.Path, match.Prefix, match.Host, match.Method
	all, either, not := match.All, match.Any, match.Not
	header, cookie := match.Header, match.Cookie
	glob := func(s string) match.Matcher { return must(match.Glob(s)) }
	expr := func(s string) match.Matcher { return must(match.Regex(s)) }
	net := func(s string) match.Matcher { return match.ClientIP(netip.MustParsePrefix(s)) }
	share := func(p float64, salt string) match.Matcher {
		return match.Percent(match.NewShare(p, match.Key{By: match.KeyCookie, Name: "u"}, salt))
	}
	ws, tenant := match.Websocket(), header("x-t", match.Test{})
	for _, c := range []struct {
		first, second any
		want          string // problem of the second route
	}{
		{prefix("/a"), path("/a/b"), unreached},
		{prefix("/a"), path("/ab"), ok},
		{prefix("/a"), prefix("/a/b"), unreached},
		{prefix("/a"), prefix("/a/"), unreached},
		{prefix("/a/"), prefix("/a"), ok},
		{prefix("/a"), glob("/a/*.js"), unreached},
		{prefix("/a"), glob("/a*"), ok},
		{prefix("/a"), expr("^/a/b"), unreached},
		{prefix("/a"), expr("/a/b"), ok},
		{prefix("/a"), "/a/", unreached},
		{prefix("/a"), "/a", ok}, // also takes /ab
		{"/a", path("/a"), ok},   // matchers come first
		{path("/a"), "/a", ok},
		{prefix("/"), "/a", unreached},
		{prefix("/"), "*", unreached},
		{prefix("/"), ws, ok}, // is never reached, either, but nobody writes that
		{glob("/a/*"), path("/a/b/c"), unreached},
		{glob("/a/*/x"), path("/a/b/c"), ok},
		{glob("/a/*"), glob("/a/*"), unreached},
		{host("*.a.test"), host("b.a.test", "*.b.a.test"), unreached},
		{host("*.a.test"), host("a.test"), ok},
		{host("a.test"), host("a.test", "b.test"), ok},
		{method("GET", "PUT"), method("GET"), unreached},
		{method("GET"), ws, unreached},
		{method("GET"), method("GET", "HEAD"), ok},
		{net("10.0.0.0/8"), net("10.1.0.0/16"), unreached},
		{net("10.1.0.0/16"), net("10.0.0.0/8"), ok},
		{tenant, header("x-t", equal("1")), unreached},
		{header("x-t", globs("1*")), header("x-t", equal("12")), unreached},
		{header("x-t", equal("1")), tenant, ok},
		{header("x-t", equal("1")), header("x-u", equal("1")), ok},
		{header("x", match.Test{}), cookie("x", match.Test{}), ok},
		{share(10, ""), share(5, ""), unreached},
		{share(10, ""), share(20, ""), ok},
		{share(10, ""), share(5, "other"), ok},
		{cookie("u", match.Test{}), share(5, ""), unreached},
		{tenant, all(tenant, path("/a")), unreached},
		{all(tenant, path("/a")), tenant, ok},
		{all(tenant, prefix("/a")), all(path("/a/b"), ws, header("x-t", equal("1"))), unreached},
		{either(tenant, ws), all(ws, path("/a")), unreached},
		{either(path("/a"), path("/b")), path("/a", "/b"), ok}, // alternatives are not compared one by one
		{path("/a", "/b"), either(path("/a"), path("/b")), unreached},
		{not(ws), method("POST"), unreached},
		{not(ws), not(ws), unreached},
		{not(prefix("/a")), path("/b"), unreached},
		{not(prefix("/a")), path("/a/b"), ok},
		{not(path("/a/b")), not(prefix("/a")), unreached},

		{nil, all(path("/a"), path("/b")), never},
		{nil, all(prefix("/a"), path("/b")), never},
		{nil, all(prefix("/a"), path("/a/b")), ok},
		{nil, all(prefix("/a"), prefix("/a/b")), ok},
		{nil, all(prefix("/a"), prefix("/ab")), never},
		{nil, all(glob("/a/*"), path("/b")), never},
		{nil, all(glob("/a/*"), glob("/b/*")), never},
		{nil, all(glob("**/x"), prefix("/b")), ok},
		{nil, all(expr("^/v1/"), prefix("/v2")), never},
		{nil, all(expr("/v1/"), prefix("/v2")), ok},
		{nil, all(host("a.test"), host("b.test")), never},
		{nil, all(host("*.a.test"), host("*.b.test")), never},
		{nil, all(host("*.a.test"), host("*.b.a.test")), ok},
		{nil, all(method("GET"), method("POST", "PUT")), never},
		{nil, all(ws, method("POST")), never},
		{nil, all(ws, not(ws)), never},
		{nil, all(ws, not(method("GET"))), never},
		{nil, all(net("10.0.0.0/8"), net("192.168.0.0/16")), never},
		{nil, all(cookie("a", equal("1")), cookie("a", equal("2"))), never},
		{nil, all(cookie("a", equal("1")), cookie("a", globs("2*"))), never},
		{nil, all(cookie("a", equal("1")), not(cookie("a", match.Test{}))), never},
		{nil, all(header("a", equal("1")), header("a", equal("2"))), ok}, // on two lines
		{nil, all(header("a", equal("1")), not(header("a", match.Test{}))), never},
		{nil, all(share(5, ""), not(share(10, ""))), never},
		{nil, all(share(10, ""), not(share(5, ""))), ok},
		{nil, share(0, ""), ok}, // disabled
		{nil, either(all(ws, not(ws)), path("/a")), ok},
		{nil, either(all(ws, not(ws)), path("/a/../b")), never},
		{nil, all(either(path("/a"), path("/b")), prefix("/c")), never},
		{nil, not(all(ws, not(ws))), ok},
		{nil, path("/a/./b"), never},
		{nil, path("/%20", "/a"), ok},
	} {
		routes := []any{c.second}
		if c.first != nil {
			routes = []any{c.first, c.second}
		}
		got := problems(t, routes...)
		assert.Equal(t, c.want, got[len(got)-1], "%v before %v", c.first, c.second)
	}
}

// TestOptionsStar: a route that takes every path does not take OPTIONS *, but
// "*" does.
func TestOptionsStar(t *testing.T) {
	const options, never = `route "*" takes no request except OPTIONS *`, `route "*" is never reached`
	for _, c := range []struct {
		routes []string
		want   []string
	}{
		{[]string{"/", "*"}, []string{options}},
		{[]string{"*", "/"}, []string{options}},
		{[]string{"/**", "*"}, []string{options}},
		{[]string{"**", "*"}, []string{never}},
		{[]string{"*", "**"}, []string{never}},
	} {
		var got []string
		for _, problem := range plan.Validate(t.Context(), &plan.Plan{Groups: []*plan.Group{group(t, "a", c.routes...)}}) {
			got = append(got, problem.Message)
		}
		assert.Equal(t, c.want, got, c.routes)
	}
}
