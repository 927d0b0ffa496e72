package metrics

import (
	"slices"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/ldcorn/ldcorn/engine/result"
	"github.com/ldcorn/ldcorn/engine/static"
	"github.com/ldcorn/ldcorn/engine/stats"
)

// Statics collects the counts of the requests that statics answer with files, and what
// their files hold.
type Statics struct {
	counted *stats.Requests
	held    func() static.Stats
}

// NewStatics returns a collector of counted, and of what held returns.
func NewStatics(counted *stats.Requests, held func() static.Stats) *Statics {
	return &Statics{counted, held}
}

var (
	staticRequestsDesc = desc("static_requests_total", "Requests answered with files, by the prefix of the static and the class of status.", "static", "code")
	staticFaultsDesc   = desc("static_errors_total", "Requests that a static could not answer with a file, by reason. They also count in ldcorn_static_requests_total.",
		"static", "reason")
	staticSentDesc   = desc("static_sent_bytes_total", "Bytes of files sent.", "static")
	staticTookDesc   = desc("static_duration_seconds", "Time from a request's head to the end of the answer with a file.", "static")
	staticMemoryDesc = desc("static_memory_bytes", "Bytes of small files, and of paths, that are kept in memory.")
	staticOpenDesc   = desc("static_open_files", "Larger files that are kept open.")
)

// Describe implements prometheus.Collector.
func (s *Statics) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{staticRequestsDesc, staticFaultsDesc, staticSentDesc, staticTookDesc, staticMemoryDesc, staticOpenDesc} {
		out <- d
	}
}

// Collect implements prometheus.Collector.
func (s *Statics) Collect(out chan<- prometheus.Metric) {
	for prefix, c := range s.counted.Statics() {
		for i, class := range stats.Classes {
			out <- counter(staticRequestsDesc, c.Classes[i], prefix, class)
		}
		for _, kind := range result.Kinds {
			if n := c.Faults.Of(kind); n > 0 || slices.Contains(fileKinds, kind) {
				out <- counter(staticFaultsDesc, n, prefix, string(kind))
			}
		}
		out <- counter(staticSentDesc, c.Sent, prefix)
		out <- histogram(staticTookDesc, &c.Took, bounds, prefix)
	}
	now := s.held()
	out <- gauge(staticMemoryDesc, float64(now.Memory))
	out <- gauge(staticOpenDesc, float64(now.Open))
}
