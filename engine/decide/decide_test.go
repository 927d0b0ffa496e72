package decide_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/decide"
	"github.com/ldcorn/ldcorn/engine/match"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/request"
)

// first is the override of a router.
var first = &plan.Override{Priority: new(int)}

// fakeRouter answers by path.
type fakeRouter map[string]func() (plan.Decision, error)

func (f fakeRouter) Route(r match.Request) (plan.Decision, error) {
	if says := f[string(r.Path())]; says != nil {
		return says()
	}
	return plan.Decision{}, nil
}
func (f fakeRouter) Name() string      { return "route" }
func (f fakeRouter) Pos() plan.Pos     { return plan.Pos{File: "c.star", Line: 1, Col: 5} }
func (f fakeRouter) Digest() string    { return "d" }
func (f fakeRouter) Secrets() []string { return nil }

// locationEdits returns edits that set a Location.
func locationEdits(t *testing.T) []plan.HeaderEdit {
	t.Helper()
	edit, err := plan.NewHeaderEdit(plan.HeaderAdd, "Location", plan.Plain("/new"))
	require.NoError(t, err)
	return []plan.HeaderEdit{edit}
}

func aPlan(t *testing.T) *plan.Plan {
	t.Helper()
	route := func(pattern string, line int) plan.Route {
		r, err := plan.NewRoute(pattern, plan.Pos{File: "c.star", Line: line, Col: 3})
		require.NoError(t, err)
		return r
	}
	edits := locationEdits(t)
	return &plan.Plan{
		Groups: []*plan.Group{
			{Name: "api", Routes: []plan.Route{route("/api", 2), plan.Route{Matcher: match.Method("PUT")}}},
			{Name: "ml", Routes: []plan.Route{route("/api/ml", 3)}},
		},
		Router: fakeRouter{
			"/group": func() (plan.Decision, error) {
				return plan.Decision{Group: "ml", Key: "k", RequestHeaders: edits, ResponseHeaders: edits}, nil
			},
			"/first": func() (plan.Decision, error) { return plan.Decision{Group: "ml", Override: first}, nil },
			"/old": func() (plan.Decision, error) {
				return plan.Decision{Answer: &plan.Answer{Status: 308, Redirect: true, Headers: edits}}, nil
			},
			"/page": func() (plan.Decision, error) {
				return plan.Decision{Answer: &plan.Answer{Status: 503}}, nil
			},
			"/api/boom": func() (plan.Decision, error) { return plan.Decision{}, errors.New("boom") },
		},
	}
}

func sample(t *testing.T, line string) *request.Sample {
	t.Helper()
	r, err := request.NewSample(line, request.SampleOptions{})
	require.NoError(t, err)
	return r
}

func TestDecide(t *testing.T) {
	p := aPlan(t)
	edits := locationEdits(t)
	priority := 5
	override := &plan.Override{Priority: &priority}
	p.Groups[1].Routes[0].Override = override
	api, put, ml := &p.Groups[0].Routes[0], &p.Groups[0].Routes[1], &p.Groups[1].Routes[0]
	for line, want := range map[string]decide.Outcome[string]{
		"/api/x":     {Router: decide.RoutedNone, Group: "api", Route: api},
		"/api/ml/x":  {Router: decide.RoutedNone, Group: "ml", Route: ml, Number: len(p.Groups[0].Routes), Override: override},
		"PUT /api/x": {Router: decide.RoutedNone, Group: "api", Route: put, Number: 1},
		"/none":      {Router: decide.RoutedNone, Refusal: decide.NoRoute},
		"/group":     {Router: decide.RoutedGroup, Group: "ml", Key: "k", RequestHeaders: edits, ResponseHeaders: edits},
		"/first":     {Router: decide.RoutedGroup, Group: "ml", Override: first},
		"/old":       {Router: decide.RoutedRedirect, Answer: &plan.Answer{Status: 308, Redirect: true, Headers: edits}},
		"/page":      {Router: decide.RoutedRespond, Answer: &plan.Answer{Status: 503}},
		"/api/boom":  {Router: decide.RoutedError, Refusal: decide.RouterFailed, Failed: errors.New("boom")},
	} {
		x := decide.NewExplainer(p)
		assert.Equal(t, want, x.Decide(sample(t, line)), line)
		explained, steps := x.Explain(sample(t, line))
		assert.Equal(t, want, explained, "Explain and Decide agree on %s", line)
		if n := len(steps); n > 0 && want.Route != nil {
			assert.Same(t, want.Route, steps[n-1].Route, "the last step takes %s", line)
		}
	}

	p.OnRouterError = plan.RouterFallback
	want := decide.Outcome[string]{Router: decide.RoutedError, Group: "api", Route: api, Failed: errors.New("boom")}
	assert.Equal(t, want, decide.NewExplainer(p).Decide(sample(t, "/api/boom")))

	p.Router = nil
	x := decide.NewExplainer(p)
	assert.Equal(t, decide.Outcome[string]{Group: "api", Route: api}, x.Decide(sample(t, "/api/boom")))
	never := func(match.Request) (plan.Decision, error) { panic("there is no router to ask") }
	assert.Equal(t, decide.Outcome[string]{Group: "api", Route: api}, x.Asking(never).Decide(sample(t, "/api/boom")))
}

// TestOutcome: the methods of an outcome.
func TestOutcome(t *testing.T) {
	for line, want := range map[string]struct {
		status   int
		location string
		byRouter bool
	}{
		"/api":      {},
		"/none":     {status: 404},
		"/group":    {byRouter: true},
		"/old":      {308, "/new", true},
		"/page":     {503, "", true},
		"/api/boom": {500, "", true},
	} {
		o := decide.NewExplainer(aPlan(t)).Decide(sample(t, line))
		assert.Equal(t, want.status, o.Status(), line)
		assert.Equal(t, want.location, o.Location(), line)
		assert.Equal(t, want.byRouter, o.ByRouter(), line)
	}
}

// TestTooCostly: a request that the proxy refuses because its routes would cost
// too much is refused here as well.
func TestTooCostly(t *testing.T) {
	p := &plan.Plan{Groups: []*plan.Group{{Name: "api"}}}
	for i := range 200 {
		m, err := match.Regex(fmt.Sprintf("(a|b)*x%d$", i))
		require.NoError(t, err)
		p.Groups[0].Routes = append(p.Groups[0].Routes, plan.Route{Matcher: m})
	}
	x := decide.NewExplainer(p)
	line := "/" + strings.Repeat("ab", 20_000)
	r, err := x.Sample(line, request.SampleOptions{})
	require.NoError(t, err)
	assert.Equal(t, decide.Outcome[string]{Refusal: decide.TooCostly}, x.Decide(r))
	got, err := x.Answer(api.Question{Line: line})
	require.NoError(t, err)
	assert.Equal(t, &api.Explanation{FormatVersion: 1, Request: line, Status: 431, Refused: decide.TooCostly.Reason, Rules: []api.ExplainedRule{}, Settings: []api.ExplainedSetting{}}, got)
}

func TestDecideAllocatesNothing(t *testing.T) {
	p := aPlan(t)
	d := decide.New(p, func(name string) *plan.Group { return p.Group(name) })
	for _, line := range []string{"/api/x", "PUT /api/x", "/none", "/group", "/api/ml"} {
		r := sample(t, line)
		assert.Zero(t, testing.AllocsPerRun(100, func() { d.Decide(r) }), line)
	}
}

func TestAnswer(t *testing.T) {
	d := decide.NewExplainer(aPlan(t))
	got, err := d.Answer(api.Question{Line: "GET /api/ml"})
	require.NoError(t, err)
	assert.Equal(t, &api.Explanation{
		FormatVersion: 1, Request: "GET /api/ml", Group: "ml",
		Router: &api.ExplainedRouter{Name: "route", At: "c.star:1:5"},
		Rules: []api.ExplainedRule{
			{Route: `method("PUT")`, Group: "api", Why: `method("PUT"): the method is GET`},
			{Route: `"/api/ml"`, Group: "ml", At: "c.star:3:3", Matched: true},
		},
		Settings: []api.ExplainedSetting{},
	}, got)

	got, err = d.Answer(api.Question{Line: "/api/../x"})
	require.NoError(t, err)
	assert.Equal(t, &api.Explanation{FormatVersion: 1, Request: "/api/../x", Status: 400, Refused: "dot segment in the path", Rules: []api.ExplainedRule{}, Settings: []api.ExplainedSetting{}}, got)

	_, err = d.Answer(api.Question{Line: "/x", ClientIP: "here"})
	assert.EqualError(t, err, `"here" is not a client address`)
	_, err = d.Answer(api.Question{Line: "x y z"})
	assert.ErrorContains(t, err, "is not a request")
}
