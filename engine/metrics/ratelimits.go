package metrics

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/ldcorn/ldcorn/engine/api"
)

// RateLimits collects what rate limits do.
type RateLimits struct{ now func() []api.RateLimit }

// NewRateLimits returns a collector of the limits that now returns.
func NewRateLimits(now func() []api.RateLimit) *RateLimits { return &RateLimits{now} }

var (
	limitedDesc = desc("rate_limited_requests_total", "Requests that a rate limit refused with 429, by the group and the route of the limit. Both are empty for that of LdConfig.",
		"group", "route")
	limitKeysDesc    = desc("rate_limit_keys", "Keys in the table of a rate limit: those whose burst is not whole.", "group", "route")
	limitEvictedDesc = desc("rate_limit_evictions_total", "Keys that new ones drove out of the table of a rate limit, because it was full.", "group", "route")
)

// Describe implements prometheus.Collector.
func (r *RateLimits) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{limitedDesc, limitKeysDesc, limitEvictedDesc} {
		out <- d
	}
}

// Collect implements prometheus.Collector.
func (r *RateLimits) Collect(out chan<- prometheus.Metric) {
	for _, l := range r.now() {
		out <- counter(limitedDesc, l.Refused, l.Group, l.Route)
		out <- gauge(limitKeysDesc, float64(l.Keys), l.Group, l.Route)
		out <- counter(limitEvictedDesc, l.Evicted, l.Group, l.Route)
	}
}
