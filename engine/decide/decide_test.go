package decide_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/decide"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/request"
)

// fakeRouter answers by path.
type fakeRouter map[string]func() (plan.Decision, error)

func (f fakeRouter) Route(r plan.Request) (plan.Decision, error) {
	if says := f[string(r.Path())]; says != nil {
		return says()
	}
	return plan.Decision{}, nil
}
func (f fakeRouter) Name() string      { return "route" }
func (f fakeRouter) Pos() plan.Pos     { return plan.Pos{File: "c.star", Line: 1, Col: 5} }
func (f fakeRouter) Digest() string    { return "d" }
func (f fakeRouter) Secrets() []string { return nil }

func aPlan(t *testing.T) *plan.Plan {
	t.Helper()
	route := func(pattern string, line int) plan.Route {
		r, err := plan.NewRoute(pattern, plan.Pos{File: "c.star", Line: line, Col: 3})
		require.NoError(t, err)
		return r
	}
	edit, err := plan.NewHeaderEdit(plan.HeaderAdd, "Location", plan.Plain("/new"))
	require.NoError(t, err)
	return &plan.Plan{
		Groups: []*plan.Group{
			{Name: "api", Routes: []plan.Route{route("/api", 2), plan.NewMatcherRoute(plan.NewMethodMatcher("PUT"), plan.Pos{})}},
			{Name: "ml", Routes: []plan.Route{route("/api/ml", 3)}},
		},
		Router: fakeRouter{
			"/group": func() (plan.Decision, error) { return plan.Decision{Group: "ml"}, nil },
			"/old": func() (plan.Decision, error) {
				return plan.Decision{Answer: &plan.Answer{Status: 308, Redirect: true, Headers: []plan.HeaderEdit{edit}}}, nil
			},
			"/api/boom": func() (plan.Decision, error) { return plan.Decision{}, errors.New("boom") },
		},
	}
}

func TestDecide(t *testing.T) {
	p := aPlan(t)
	for line, want := range map[string]decide.Outcome{
		"/api/x":     {Group: "api", Route: &p.Groups[0].Routes[0]},
		"/api/ml/x":  {Group: "ml", Route: &p.Groups[1].Routes[0]},
		"PUT /api/x": {Group: "api", Route: &p.Groups[0].Routes[1]},
		"/none":      {Status: 404},
		"/group":     {Group: "ml", ByRouter: true},
		"/old":       {Status: 308, Location: "/new", ByRouter: true},
		"/api/boom":  {Status: 500, ByRouter: true, Failed: errors.New("boom")},
	} {
		req, err := request.NewSample(line, request.SampleOptions{})
		require.NoError(t, err)
		d := decide.New(p, decide.Options{})
		assert.Equal(t, want, d.Decide(req), line)
		explained, _ := d.Explain(req)
		assert.Equal(t, want, explained, "Explain and Decide agree on %s", line)
	}
	p.OnRouterError = plan.RouterFallback
	req, err := request.NewSample("/api/boom", request.SampleOptions{})
	require.NoError(t, err)
	assert.Equal(t, decide.Outcome{Group: "api", Route: &p.Groups[0].Routes[0], Failed: errors.New("boom")}, decide.New(p, decide.Options{}).Decide(req))
}

func TestAnswer(t *testing.T) {
	d := decide.New(aPlan(t), decide.Options{})
	got, err := d.Answer(decide.Question{Line: "GET /api/ml"})
	require.NoError(t, err)
	assert.Equal(t, &decide.Explanation{
		FormatVersion: 1, Request: "GET /api/ml", Group: "ml",
		Router: &decide.Router{Name: "route", At: "c.star:1:5"},
		Rules: []decide.Rule{
			{Route: `method("PUT")`, Group: "api", Why: `method("PUT"): the method is GET`},
			{Route: `"/api/ml"`, Group: "ml", At: "c.star:3:3", Matched: true},
		},
	}, got)

	got, err = d.Answer(decide.Question{Line: "/api/../x"})
	require.NoError(t, err)
	assert.Equal(t, &decide.Explanation{FormatVersion: 1, Request: "/api/../x", Status: 400, Refused: "dot segment in the path", Rules: []decide.Rule{}}, got)

	_, err = d.Answer(decide.Question{Line: "/x", ClientIP: "here"})
	assert.EqualError(t, err, `"here" is no address of a client`)
	_, err = d.Answer(decide.Question{Line: "x y z"})
	assert.ErrorContains(t, err, "is no request")
}
