package metrics

import (
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Reloads collects for Prometheus how the reloads went. The zero Reloads is
// ready for use; its methods are safe from any goroutine.
type Reloads struct {
	mu              sync.Mutex // guards all below
	applied, failed uint64
	ok              bool      // the last one was applied
	at              time.Time // when one was last; zero before the first
}

// Started says that the configuration which the master started with was
// applied. That is a success, and no reload.
func (r *Reloads) Started(at time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ok, r.at = true, at
}

// Applied counts a reload that was applied.
func (r *Reloads) Applied(at time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.applied++
	r.ok, r.at = true, at
}

// Failed counts a reload that has changed nothing.
func (r *Reloads) Failed() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failed++
	r.ok = false
}

var (
	reloadsDesc  = desc("config_reloads_total", "Reloads, by result.", "result")
	reloadOKDesc = desc("config_last_reload_successful", "1 if the last reload was applied, or the configuration of the start where there was none; 0 if it failed.")
	reloadAtDesc = desc("config_last_reload_success_timestamp_seconds", "When a configuration was last applied.")
)

// Describe implements prometheus.Collector.
func (r *Reloads) Describe(out chan<- *prometheus.Desc) {
	out <- reloadsDesc
	out <- reloadOKDesc
	out <- reloadAtDesc
}

// Collect implements prometheus.Collector. Until the start has succeeded there
// is no success, and no time of it.
func (r *Reloads) Collect(out chan<- prometheus.Metric) {
	r.mu.Lock()
	applied, failed, ok, at := r.applied, r.failed, r.ok, r.at
	r.mu.Unlock()
	out <- counter(reloadsDesc, applied, "applied")
	out <- counter(reloadsDesc, failed, "failed")
	out <- gauge(reloadOKDesc, flag(ok))
	if !at.IsZero() {
		out <- gauge(reloadAtDesc, float64(at.UnixMilli())/1e3)
	}
}
