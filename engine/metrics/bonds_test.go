package metrics

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/pool"
	"github.com/ldcorn/ldcorn/engine/stats"
)

// boundPools returns pools of which two bind their clients.
func boundPools() map[string]*pool.Pool {
	pools := poolsOf("web")
	for name, sticky := range map[string]plan.Sticky{
		"seats":    {Issued: plan.Issued{Name: "ldcorn"}},
		"sessions": {Session: plan.Session{In: plan.SessionCookie, Name: "io"}},
	} {
		pools[name] = pool.New(&plan.Group{Name: name, Instances: 1, Sticky: sticky})
	}
	return pools
}

// TestBonds: a group shows what its sticky does, and no other group does.
func TestBonds(t *testing.T) {
	var q stats.Requests
	pools := boundPools()
	for _, name := range []string{"seats", "sessions"} {
		pools[name].Bonds().Followed.Add(3)
		pools[name].Bonds().Issued.Add(2)
	}
	w := pool.NewWorker(0, 1, "")
	pools["sessions"].Swap([]*pool.Worker{w}, nil)
	w.LearnSession([]byte("a"))
	w.LearnSession([]byte("b"))
	pools["sessions"].Bonds().End([]byte("a"))
	q.Publish(pools)
	got := samples(t, NewRequests(&q))
	for name, want := range map[string]float64{
		`ldcorn_sessions_known{group="sessions"}`:                          1,
		`ldcorn_sessions_learned_total{group="sessions"}`:                  2,
		`ldcorn_sessions_evicted_total{group="sessions"}`:                  0,
		`ldcorn_sticky_requests_total{group="sessions",result="followed"}`: 3,
		`ldcorn_sticky_requests_total{group="sessions",result="strayed"}`:  0,
		`ldcorn_sticky_requests_total{group="seats",result="followed"}`:    3,
		`ldcorn_sticky_cookies_issued_total{group="seats"}`:                2,
	} {
		value, ok := got[name]
		assert.True(t, ok, name)
		assert.Equal(t, want, value, name)
	}
	for _, name := range []string{`ldcorn_sessions_known{group="seats"}`, `ldcorn_sticky_cookies_issued_total{group="sessions"}`,
		`ldcorn_sticky_requests_total{group="web",result="followed"}`} {
		assert.NotContains(t, got, name)
	}
}
