package metrics

import "github.com/prometheus/client_golang/prometheus"

// Tracing collects what became of the spans of requests.
type Tracing struct{ now func() map[string]uint64 }

// NewTracing returns a collector of what now returns: numbers of requests, by what
// became of their spans.
func NewTracing(now func() map[string]uint64) *Tracing { return &Tracing{now} }

var tracedDesc = desc("traced_requests_total", "Requests that were to have spans, by what became of these: sent, queue_full or failed.", "result")

// Describe implements prometheus.Collector.
func (t *Tracing) Describe(out chan<- *prometheus.Desc) { out <- tracedDesc }

// Collect implements prometheus.Collector.
func (t *Tracing) Collect(out chan<- prometheus.Metric) {
	for became, n := range t.now() {
		out <- counter(tracedDesc, n, became)
	}
}
