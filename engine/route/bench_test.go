package route

import (
	"fmt"
	"net/netip"
	"testing"

	"github.com/ldcorn/ldcorn/engine/match"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/request"
	"github.com/stretchr/testify/require"
)

// mixedMatchers returns n typical matchers of alternating kinds. The last one
// takes the request of benchRequest.
func mixedMatchers(t testing.TB, n int) *plan.Plan {
	t.Helper()
	test := func(kind match.TestKind, text string) match.Test {
		out, err := match.NewTest(kind, text)
		require.NoError(t, err)
		return out
	}
	glob := func(pattern string) match.Matcher {
		m, err := match.Glob(pattern)
		require.NoError(t, err)
		return m
	}
	group := &plan.Group{Name: "a"}
	add := func(m match.Matcher) { group.Routes = append(group.Routes, plan.Route{Matcher: m}) }
	for i := range n - 1 {
		switch i % 8 {
		case 0:
			add(match.Header("x-tenant", test(match.TestEqual, fmt.Sprint("tenant-", i))))
		case 1:
			add(match.All(match.Method("GET"), match.Cookie("plan", test(match.TestEqual, fmt.Sprint("plan-", i)))))
		case 2:
			add(match.Host(fmt.Sprintf("shop-%d.example.com", i)))
		case 3:
			add(match.Host(fmt.Sprintf("*.shop-%d.example.com", i)))
		case 4:
			add(match.All(match.Prefix(fmt.Sprintf("/api/v%d", i)), match.Not(match.Websocket())))
		case 5:
			add(glob(fmt.Sprintf("/files/%d/**.png", i)))
		case 6:
			add(match.ClientIP(netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(i >> 8), byte(i), 0}), 24)))
		case 7:
			add(match.Any(match.Path(fmt.Sprint("/page/", i)), match.Query("page", test(match.TestEqual, fmt.Sprint(i)))))
		}
	}
	add(match.Header("x-tenant", test(match.TestEqual, "acme")))
	return &plan.Plan{Groups: []*plan.Group{group}}
}

// benchRequest returns a request with the headers that a browser sends, and
// others that matchers need.
func benchRequest(t testing.TB, tenant string) match.Request {
	t.Helper()
	s, err := request.NewSample("GET http://shop.example.com/api/users/17?sort=name&page=x", request.SampleOptions{
		ClientIP: netip.MustParseAddr("203.0.113.9"),
		Headers: []request.Header{{Name: "User-Agent", Value: "Mozilla/5.0 (X11; Linux x86_64)"}, {Name: "Accept", Value: "text/html"},
			{Name: "Accept-Language", Value: "en"}, {Name: "Accept-Encoding", Value: "gzip"}, {Name: "Referer", Value: "http://a/"},
			{Name: "Cookie", Value: "sid=0123456789abcdef; theme=dark; plan=none"}, {Name: "X-Tenant", Value: tenant}},
	})
	require.NoError(t, err)
	return s
}

// BenchmarkMatchers: a thousand matchers cost little more than ten.
func BenchmarkMatchers(b *testing.B) {
	for _, n := range []int{1, 10, 50, 1000} {
		table := Compile(mixedMatchers(b, n), name)
		for _, c := range []struct{ name, tenant string }{{"last", "acme"}, {"none", "other"}} {
			b.Run(fmt.Sprintf("%d/%s", n, c.name), func(b *testing.B) {
				r := benchRequest(b, c.tenant)
				b.ReportAllocs()
				for b.Loop() {
					if _, ok := table.Match(r); ok != (c.tenant == "acme") {
						b.Fatal("wrong answer")
					}
				}
			})
		}
	}
}

// BenchmarkTenants uses the table of scripts/bench/routes.py: 50 matchers of
// three kinds.
func BenchmarkTenants(b *testing.B) {
	equal := func(text string) match.Test {
		out, err := match.NewTest(match.TestEqual, text)
		require.NoError(b, err)
		return out
	}
	group := &plan.Group{Name: "a"}
	for i := range 17 {
		for _, m := range []match.Matcher{match.Header("x-tenant", equal(fmt.Sprint("tenant-", i))),
			match.Cookie("plan", equal(fmt.Sprint("plan-", i))), match.Host(fmt.Sprintf("shop-%d.example.com", i))} {
			group.Routes = append(group.Routes, plan.Route{Matcher: m})
		}
	}
	table := Compile(&plan.Plan{Groups: []*plan.Group{group}}, name)
	for _, c := range []struct{ name, tenant string }{{"header", "tenant-16"}, {"none", "other"}} {
		b.Run(c.name, func(b *testing.B) {
			r := benchRequest(b, c.tenant)
			b.ReportAllocs()
			for b.Loop() {
				table.Match(r)
			}
		})
	}
}

func TestMatchersDoNotAllocate(t *testing.T) {
	table := Compile(mixedMatchers(t, 1000), name)
	for _, tenant := range []string{"acme", "other"} {
		r := benchRequest(t, tenant)
		table.Match(r)
		require.Zero(t, testing.AllocsPerRun(100, func() { table.Match(r) }))
	}
}
