package metrics

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/ldcorn/ldcorn/engine/plan"
)

// Settings collects the limits that a plan sets for its groups, with which others of the
// metrics are compared.
type Settings struct{ inEffect func() *plan.Plan }

// NewSettings returns a collector of the settings of the plan that inEffect returns, which
// is nil before the first.
func NewSettings(inEffect func() *plan.Plan) *Settings { return &Settings{inEffect} }

var (
	roomOfQueueDesc = desc("group_queue_limit", "queue_limit of the group; absent if it has none.", "group")
	capDesc         = desc("group_max_req_per_worker", "max_req_per_worker of the group; absent if it has none.", "group")
	maxRSSDesc      = desc("group_max_rss_bytes", "max_rss of the group; absent if it has none.", "group")
)

// Describe implements prometheus.Collector.
func (s *Settings) Describe(out chan<- *prometheus.Desc) {
	out <- roomOfQueueDesc
	out <- capDesc
	out <- maxRSSDesc
}

// Collect implements prometheus.Collector.
func (s *Settings) Collect(out chan<- prometheus.Metric) {
	p := s.inEffect()
	if p == nil {
		return
	}
	for _, g := range p.Groups {
		set := func(d *prometheus.Desc, v float64) {
			if v > 0 {
				out <- gauge(d, v, g.Name)
			}
		}
		set(roomOfQueueDesc, float64(g.QueueLimit))
		set(capDesc, float64(g.MaxReqPerWorker))
		set(maxRSSDesc, float64(g.MaxRSS))
	}
}
