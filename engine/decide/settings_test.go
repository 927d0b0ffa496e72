package decide_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/decide"
	"github.com/ldcorn/ldcorn/engine/match"
	"github.com/ldcorn/ldcorn/engine/plan"
)

func TestSettings(t *testing.T) {
	p := aPlan(t)
	router := p.Router.(fakeRouter)
	router["/keyed"] = func() (plan.Decision, error) { return plan.Decision{Group: "ml", Key: "k", Override: first}, nil }
	router["/tenant"] = func() (plan.Decision, error) { return plan.Decision{Group: "ml", Fair: "acme"}, nil }
	router["/api/boom"] = func() (plan.Decision, error) { return plan.Decision{}, assert.AnError }
	p.OnRouterError = plan.RouterFallback
	none, low := int64(0), -5
	api1, ml := p.Groups[0], p.Groups[1]
	ml.Pos = plan.Pos{File: "c.star", Line: 9, Col: 5}
	ml.MaxReqPerWorker, ml.Fair, ml.Sticky = 2, match.Key{By: match.KeyClientIP}, plan.Sticky{Key: match.Key{By: match.KeyCookie, Name: "id"}}
	ml.ResponseBuffer = plan.BufferSize{Set: true}
	ml.Routes[0].Override = &plan.Override{RequestBuffer: &none}
	api1.Routes[0].Override = &plan.Override{Priority: &low}

	fair := api.ExplainedSetting{Name: "fair", Value: "by_client_ip()", From: "WorkerGroup", At: "c.star:9:5", Key: "127.0.0.1"}
	sticky := api.ExplainedSetting{Name: "sticky", Value: `by_cookie("id")`, From: "WorkerGroup", At: "c.star:9:5"}
	response := api.ExplainedSetting{Name: "response_buffer", Value: "0", From: "WorkerGroup", At: "c.star:9:5"}
	for line, want := range map[string][]api.ExplainedSetting{
		"/none":   {},
		"/old":    {},
		"PUT /x":  {}, // a group without a cap has no defaults that do something
		"/api/..": {},
		"/api/x":  {{Name: "priority", Value: "-5", From: "rule", At: "c.star:2:3"}},
		"/api/ml": {
			{Name: "priority", Value: "0", From: "default"},
			{Name: "request_buffer", Value: "0", From: "rule", At: "c.star:3:3"}, response, fair, sticky,
		},
		"/keyed": {
			{Name: "key", Value: `"k"`, From: "to", At: "c.star:1:5"},
			{Name: "priority", Value: "0", From: "to", At: "c.star:1:5"},
			{Name: "request_buffer", Value: `"16MiB"`, From: "default"}, response, fair,
		},
		"/tenant": {
			{Name: "priority", Value: "0", From: "default"},
			{Name: "request_buffer", Value: `"16MiB"`, From: "default"}, response,
			{Name: "fair", Value: `"acme"`, From: "to", At: "c.star:1:5"}, sticky,
		},
		// The router failed, so that the routes decide.
		"/api/boom": {{Name: "priority", Value: "-5", From: "rule", At: "c.star:2:3"}},
	} {
		got, err := decide.NewExplainer(p).Answer(api.Question{Line: line})
		require.NoError(t, err, line)
		assert.Equal(t, want, got.Settings, line)
	}
	got, err := decide.NewExplainer(p).Answer(api.Question{Line: "/api/ml", Headers: []api.Header{{Name: "Cookie", Value: "id=7"}}})
	require.NoError(t, err)
	sticky.Key = "7"
	assert.Contains(t, got.Settings, sticky)

	rate := func(text string) plan.RateLimit {
		r, err := plan.ParseRate(text)
		require.NoError(t, err)
		limit, err := plan.NewRateLimit(r, 1, match.Key{By: match.KeyClientIP})
		require.NoError(t, err)
		return limit
	}
	got, err = decide.NewExplainer(p).Answer(api.Question{Line: "/api/ml", ClientIP: "2001:db8::1"})
	require.NoError(t, err)
	fair.Key = "2001:db8::/64"
	assert.Contains(t, got.Settings, fair)

	ml.Limits = []plan.Limit{{Name: "gpu", Size: 4}}
	got, err = decide.NewExplainer(p).Answer(api.Question{Line: "/api/ml"})
	require.NoError(t, err)
	assert.Contains(t, got.Settings, api.ExplainedSetting{Name: "limits", Value: `[limit("gpu", 4)]`, From: "WorkerGroup", At: "c.star:9:5"})
	ml.Limits = nil

	p.Pos, p.RateLimit, ml.RateLimit = plan.Pos{File: "c.star", Line: 1, Col: 1}, rate("1/s"), rate("2/s")
	ml.Routes[0].RateLimit = rate("3/s")
	got, err = decide.NewExplainer(p).Answer(api.Question{Line: "/api/ml"})
	require.NoError(t, err)
	assert.Equal(t, []api.ExplainedSetting{
		{Name: "rate_limit", Value: `rate("1/s", burst=1, by=by_client_ip())`, From: "LdConfig", At: "c.star:1:1", Key: "127.0.0.1"},
		{Name: "rate_limit", Value: `rate("2/s", burst=1, by=by_client_ip())`, From: "WorkerGroup", At: "c.star:9:5", Key: "127.0.0.1"},
		{Name: "rate_limit", Value: `rate("3/s", burst=1, by=by_client_ip())`, From: "rule", At: "c.star:3:3", Key: "127.0.0.1"},
	}, got.Settings[len(got.Settings)-3:])
	p.RateLimit, ml.RateLimit, ml.Routes[0].RateLimit = plan.RateLimit{}, plan.RateLimit{}, plan.RateLimit{}

	cookies := []api.Header{{Name: "Cookie", Value: "io=1; lb_ml=2"}, {Name: "X-S", Value: "3"}}
	for key, s := range map[string]plan.Sticky{
		"1": {Session: plan.Session{In: plan.SessionCookie, Name: "io"}},
		"2": {Issued: plan.Issued{Name: "lb"}},
		"3": {Session: plan.Session{In: plan.SessionHeader, Name: "x-s"}},
		"4": {Session: plan.Session{In: plan.SessionQuery, Name: "sid", Learn: plan.LearnEngineIO}},
	} {
		ml.Sticky = s
		got, err := decide.NewExplainer(p).Answer(api.Question{Line: "/api/ml?sid=4", Headers: cookies})
		require.NoError(t, err)
		last := got.Settings[len(got.Settings)-1]
		assert.Equal(t, "sticky", last.Name)
		assert.Equal(t, key, last.Key, "%v", s)
	}
}
