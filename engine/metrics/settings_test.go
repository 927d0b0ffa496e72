package metrics

import (
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/assert"

	"github.com/ldcorn/ldcorn/engine/plan"
)

func somePlan() *plan.Plan {
	return &plan.Plan{Groups: []*plan.Group{{Name: "web", QueueLimit: 100, MaxReqPerWorker: 4, MaxRSS: 1 << 20}, {Name: "free"}}}
}

func TestSettings(t *testing.T) {
	compare(t, NewSettings(somePlan), `
# HELP ldcorn_group_queue_limit queue_limit of the group; absent if it has none.
# TYPE ldcorn_group_queue_limit gauge
ldcorn_group_queue_limit{group="web"} 100
# HELP ldcorn_group_max_req_per_worker max_req_per_worker of the group; absent if it has none.
# TYPE ldcorn_group_max_req_per_worker gauge
ldcorn_group_max_req_per_worker{group="web"} 4
# HELP ldcorn_group_max_rss_bytes max_rss of the group; absent if it has none.
# TYPE ldcorn_group_max_rss_bytes gauge
ldcorn_group_max_rss_bytes{group="web"} 1.048576e+06
`)
	assert.Zero(t, testutil.CollectAndCount(NewSettings(func() *plan.Plan { return nil })), "before the first plan")
}
