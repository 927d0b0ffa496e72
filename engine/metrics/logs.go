package metrics

import "github.com/prometheus/client_golang/prometheus"

// Logs collects what logs have lost.
type Logs struct{ access func() uint64 }

// NewLogs returns a collector of what access returns: how many lines of the access log
// were lost.
func NewLogs(access func() uint64) *Logs { return &Logs{access} }

var linesLostDesc = desc("access_log_lines_lost_total", "Lines of the access log that were lost, because they could not be written or their reader was too slow.")

// Describe implements prometheus.Collector.
func (*Logs) Describe(out chan<- *prometheus.Desc) { out <- linesLostDesc }

// Collect implements prometheus.Collector.
func (l *Logs) Collect(out chan<- prometheus.Metric) { out <- counter(linesLostDesc, l.access()) }
