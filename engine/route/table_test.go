package route

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/ldcorn/ldcorn/engine/match"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/request"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// testPlan returns a plan of groups a, b, c, and so on, with the given routes.
func testPlan(t testing.TB, groups ...[]string) *plan.Plan {
	t.Helper()
	p := &plan.Plan{}
	for i, patterns := range groups {
		group := &plan.Group{Name: string(rune('a' + i))}
		for _, pattern := range patterns {
			r, err := plan.NewRoute(pattern, plan.Pos{})
			require.NoError(t, err, pattern)
			group.Routes = append(group.Routes, r)
		}
		p.Groups = append(p.Groups, group)
	}
	return p
}

func name(s string) string { return s }

// onPath is a request of which only the path is known.
type onPath struct {
	match.Request
	path []byte
}

func (r onPath) Path() []byte { return r.path }

func TestMatch(t *testing.T) {
	for _, c := range []struct {
		why    string
		groups [][]string
		paths  map[string]string // path to group, "" for none
	}{
		{"no routes", [][]string{{}}, map[string]string{"/": "", "": "", "*": ""}},
		{"a prefix of the string, as the original", [][]string{{"/ml"}, {"*"}},
			map[string]string{"/ml": "a", "/mlx": "a", "/ml/x": "a", "/m": "b", "/": "b", "*": "b", "": "b"}},
		{"no default", [][]string{{"/a"}, {"/b"}}, map[string]string{"/a": "a", "/b/": "b", "/c": "", "*": ""}},
		{"the longest, in any order", [][]string{{"/"}, {"/a"}, {"/abc"}, {"/ab"}},
			map[string]string{"/": "a", "/b": "a", "/a": "b", "/ab": "d", "/abd": "d", "/abc": "c", "/abcd": "c"}},
		{"ties as written", [][]string{{"/a"}, {"/a", "/b"}, {"/b"}}, map[string]string{"/a": "a", "/b": "b"}},
		{"the first default", [][]string{{"/a"}, {"*"}, {"*"}}, map[string]string{"/b": "b"}},
		{"the default is last even when written first", [][]string{{"*"}, {"/a"}, {"**"}}, map[string]string{"/a": "b", "/b": "c"}},
		{"a glob that does not take it leaves it to shorter ones", [][]string{{"/a"}, {"/a/*/x"}},
			map[string]string{"/a/1/x": "b", "/a/1/y": "a", "/a/1/2/x": "a"}},
		{"globs and prefixes with one literal, as written", [][]string{{"/a/*.js"}, {"/a/"}, {"/a/*.css"}},
			map[string]string{"/a/x.js": "a", "/a/x.css": "b", "/a/x": "b"}},
		{"globs without a literal", [][]string{{"*.php"}, {"**.php"}, {"/x"}},
			map[string]string{"/x/a.php": "c", "/y/a.php": "b", "a.php": "a", "/y": ""}},
		{"a longer literal wins over a glob that would match", [][]string{{"/a*"}, {"/ab"}}, map[string]string{"/abc": "b", "/ac": "a"}},
		{"a final /* takes everything below", [][]string{{"/s/*"}}, map[string]string{"/s/a": "a", "/s/a/b": "a", "/s": ""}},
		{"bytes that are not UTF-8", [][]string{{"/\xff"}, {"/é"}}, map[string]string{"/\xffa": "a", "/éa": "b", "/\xc3": ""}},
	} {
		table := Compile(testPlan(t, c.groups...), name)
		for path, want := range c.paths {
			got, ok := table.Match(onPath{path: []byte(path)})
			assert.Equal(t, want, got, "%s: %q", c.why, path)
			assert.Equal(t, want != "", ok, "%s: %q", c.why, path)
		}
	}
	got, ok := new(Table[int]).Match(onPath{path: []byte("/")})
	assert.Zero(t, got)
	assert.False(t, ok)
	_, ok = new(Table[int]).Match(onPath{})
	assert.False(t, ok)
}

// TestPrecedence: matchers of all groups in the order written, then strings by
// length, then "*".
func TestPrecedence(t *testing.T) {
	matcher := func(m match.Matcher) plan.Route { return plan.Route{Matcher: m} }
	text := func(pattern string) plan.Route {
		r, err := plan.NewRoute(pattern, plan.Pos{})
		require.NoError(t, err)
		return r
	}
	p := &plan.Plan{Groups: []*plan.Group{
		{Name: "default", Routes: []plan.Route{text("*"), text("/api/users/admin")}},
		{Name: "first", Routes: []plan.Route{text("/api"), matcher(match.Header("x-t", match.Test{}))}},
		{Name: "second", Routes: []plan.Route{matcher(match.Path("/api/users")), text("/api/users"), matcher(match.Websocket())}},
		{Name: "third", Routes: []plan.Route{matcher(match.Prefix("/api/users"))}},
	}}
	table := Compile(p, name)
	for _, c := range []struct {
		line, header string
		want         string
		route        string
		tried        int
	}{
		{"/api/users", "x-t", "first", `header("x-t")`, 1},
		{"/api/users", "", "second", `path("/api/users")`, 2},
		{"ws://a/other", "", "second", `websocket()`, 3},
		{"ws://a/other", "x-t", "first", `header("x-t")`, 1},
		{"/api/users/admin", "", "third", `prefix("/api/users")`, 4},
		{"/api/usersx", "", "second", `"/api/users"`, 6},
		{"/api", "", "first", `"/api"`, 7},
		{"/other", "", "default", `"*"`, 8},
	} {
		opts := request.SampleOptions{}
		if c.header != "" {
			opts.Headers = []request.Header{{Name: c.header}}
		}
		r, err := request.NewSample(c.line, opts)
		require.NoError(t, err)
		got, route, _ := table.Find(r)
		assert.Equal(t, c.want, got, c.line)
		assert.Equal(t, c.route, route.String(), c.line)
		assert.Len(t, table.Explain(r), c.tried, c.line)
	}
	none, route, _ := new(Table[string]).Find(onPath{path: []byte("/")})
	assert.Empty(t, none)
	assert.Nil(t, route)
}

func TestCompileAsksForEachGroupOnce(t *testing.T) {
	var asked []string
	Compile(testPlan(t, []string{"/a", "/b"}, []string{}, []string{"*"}), func(name string) *int {
		asked = append(asked, name)
		return nil
	})
	assert.Equal(t, []string{"a", "b", "c"}, asked)
}

// naive applies the rules for strings literally.
func naive(p *plan.Plan, path string) string {
	type rule struct {
		route *plan.Route
		group string
	}
	var rules []rule
	for _, group := range p.Groups {
		for i := range group.Routes {
			if group.Routes[i].Pattern() != nil {
				rules = append(rules, rule{&group.Routes[i], group.Name})
			}
		}
	}
	rank := func(r rule) int {
		if r.route.Pattern().Kind == match.PatternAny {
			return 1
		}
		return -len(r.route.Pattern().Literal)
	}
	slices.SortStableFunc(rules, func(a, b rule) int { return rank(a) - rank(b) })
	for _, r := range rules {
		if r.route.Pattern().Takes(path) {
			return r.group
		}
	}
	return ""
}

// FuzzMatch compares the table with a literal application of the rules. The
// first string holds the routes, one per line, for alternating groups; the
// second is a path.
func FuzzMatch(f *testing.F) {
	f.Add("/a\n/ab\n/abc\n*\n/b", "/abcd")
	f.Add("/a/*.js\n/a/\n/a/*.css\n**\n*", "/a/x.css")
	f.Add("*\n*\n/\n/a*/b\n/a{b,c}\n/a\\*\n/[ab]c", "/ab")
	f.Add("/\xff\n/é\n/?", "/\xc3\xa9")
	f.Add("/x\n/xy\n/xyz\n/xz\n/yz\n/x?z", "/xaz")
	f.Fuzz(func(t *testing.T, routes, path string) {
		p := &plan.Plan{}
		for i := range 3 {
			p.Groups = append(p.Groups, &plan.Group{Name: string(rune('a' + i))})
		}
		lines := strings.Split(routes, "\n")
		for i, line := range lines[:min(len(lines), 50)] {
			r, err := plan.NewRoute(line, plan.Pos{})
			if err != nil {
				continue
			}
			group := p.Groups[i*len(p.Groups)/len(lines)]
			group.Routes = append(group.Routes, r)
		}
		table := Compile(p, name)
		paths := []string{path}
		for i := range path { // and each of its prefixes
			paths = append(paths, path[:i])
		}
		for _, path := range append(paths, lines...) {
			got, _ := table.Match(onPath{path: []byte(path)})
			require.Equal(t, naive(p, path), got, "routes %q, path %q", lines, path)
		}
	})
}

// manyRoutes returns a thousand typical prefixes, some of them prefixes of
// others.
func manyRoutes() []string {
	var routes []string
	for i := range 250 {
		base := fmt.Sprintf("/api/v%d/service-%03d", i%3, i)
		routes = append(routes, base, base+"/users", base+"/users/admin", base+"/orders")
	}
	return routes
}

func BenchmarkMatch(b *testing.B) {
	globs := []string{"*"}
	for i := range 20 {
		globs = append(globs, fmt.Sprintf("/api/v1/service-151/*/%d/*.json", i))
	}
	for _, bb := range []struct {
		name   string
		routes []string
		path   string
	}{
		{"2 routes", []string{"/ml", "*"}, "/api/v1/service-151/users/17"},
		{"1000 prefixes/long", append(manyRoutes(), "*"), "/api/v1/service-151/users/admin/settings/17"},
		{"1000 prefixes/short", append(manyRoutes(), "*"), "/api/v1/service-151/usual"},
		{"1000 prefixes/default", append(manyRoutes(), "*"), "/static/app.js"},
		{"1000 prefixes/20 globs tried", append(manyRoutes(), globs...), "/api/v1/service-151/x/17/a.xml"},
	} {
		b.Run(bb.name, func(b *testing.B) {
			table := Compile(testPlan(b, bb.routes), name)
			var req match.Request = onPath{path: []byte(bb.path)}
			b.ReportAllocs()
			for b.Loop() {
				if _, ok := table.Match(req); !ok {
					b.Fatal("no match")
				}
			}
		})
	}
}

func TestMatchDoesNotAllocate(t *testing.T) {
	table := Compile(testPlan(t, append(manyRoutes(), "/api/v1/service-151/*/x.json")), name)
	var req match.Request = onPath{path: []byte("/api/v1/service-151/users/17")}
	assert.Zero(t, testing.AllocsPerRun(100, func() { table.Match(req) }))
}

// TestOrdinaryRequestsEnd: typical patterns never refuse a request of a
// kilobyte.
func TestOrdinaryRequestsEnd(t *testing.T) {
	group := &plan.Group{Name: "a"}
	for i := range 120 {
		m, err := match.Regex(fmt.Sprintf(`/v\d+/users%d/\d+$`, i))
		require.NoError(t, err)
		group.Routes = append(group.Routes, plan.Route{Matcher: m})
	}
	for i := range 400 {
		r, err := plan.NewRoute(fmt.Sprintf("/static/%d/**/*.{js,css}", i), plan.Pos{})
		require.NoError(t, err)
		group.Routes = append(group.Routes, r)
	}
	table := Compile(&plan.Plan{Groups: []*plan.Group{group}}, name)
	for _, start := range []string{"/static/7/", "/v1/users/", "/"} {
		line := start + strings.Repeat("1", 1000)
		r, err := request.NewSample(line, request.SampleOptions{Budget: table.Cost()})
		require.NoError(t, err)
		table.Match(r)
		require.True(t, r.Spend(0), line)
	}
}
