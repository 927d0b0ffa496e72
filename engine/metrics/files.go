package metrics

import "github.com/prometheus/client_golang/prometheus"

// Files collects how many files of the configuration have changed.
type Files struct{ changed func() int }

// NewFiles returns a collector of what changed returns: how many files are no longer what
// the plan in effect was read from.
func NewFiles(changed func() int) *Files { return &Files{changed} }

var filesDesc = desc("config_files_changed", "Files that are no longer what the configuration in effect was read from.")

// Describe implements prometheus.Collector.
func (*Files) Describe(out chan<- *prometheus.Desc) { out <- filesDesc }

// Collect implements prometheus.Collector.
func (f *Files) Collect(out chan<- prometheus.Metric) { out <- gauge(filesDesc, float64(f.changed())) }
