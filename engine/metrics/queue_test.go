package metrics

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/pool"
	"github.com/ldcorn/ldcorn/engine/stats"
)

// TestQueue: the metrics of a group's queue.
func TestQueue(t *testing.T) {
	var q stats.Requests
	p := pool.New(&plan.Group{Name: "web", MaxReqPerWorker: 1})
	q.Publish(map[string]*pool.Pool{"web": p})
	got := samples(t, NewRequests(&q))
	for _, name := range []string{"ldcorn_group_overloaded", "ldcorn_request_queue_oldest_seconds", "ldcorn_requests_evicted_total"} {
		value, ok := got[name+`{group="web"}`]
		require.True(t, ok, name)
		assert.Zero(t, value, name)
	}
}
