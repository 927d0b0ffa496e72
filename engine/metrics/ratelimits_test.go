package metrics

import (
	"testing"

	"github.com/ldcorn/ldcorn/engine/api"
)

func someLimits() []api.RateLimit {
	return []api.RateLimit{
		{Limit: `rate("10/s", burst=10, by=by_client_ip())`, Refused: 7, Keys: 3, Room: 100},
		{Group: "web", Limit: `rate("1/s", burst=1, by=None)`, Refused: 2, Keys: 1, Room: 16, Evicted: 5},
		{Group: "web", Route: `path("/login")`},
	}
}

func TestRateLimits(t *testing.T) {
	compare(t, NewRateLimits(someLimits), `
# HELP ldcorn_rate_limited_requests_total Requests that a rate limit refused with 429, by the group and the route of the limit. Both are empty for that of LdConfig.
# TYPE ldcorn_rate_limited_requests_total counter
ldcorn_rate_limited_requests_total{group="",route=""} 7
ldcorn_rate_limited_requests_total{group="web",route=""} 2
ldcorn_rate_limited_requests_total{group="web",route="path(\"/login\")"} 0
# HELP ldcorn_rate_limit_keys Keys in the table of a rate limit: those whose burst is not whole.
# TYPE ldcorn_rate_limit_keys gauge
ldcorn_rate_limit_keys{group="",route=""} 3
ldcorn_rate_limit_keys{group="web",route=""} 1
ldcorn_rate_limit_keys{group="web",route="path(\"/login\")"} 0
# HELP ldcorn_rate_limit_evictions_total Keys that new ones drove out of the table of a rate limit, because it was full.
# TYPE ldcorn_rate_limit_evictions_total counter
ldcorn_rate_limit_evictions_total{group="",route=""} 0
ldcorn_rate_limit_evictions_total{group="web",route=""} 5
ldcorn_rate_limit_evictions_total{group="web",route="path(\"/login\")"} 0
`)
}
