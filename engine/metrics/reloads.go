package metrics

import (
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Reloads collects the results of reloads. The zero Reloads is ready to use;
// its methods are safe to call from any goroutine.
type Reloads struct {
	mu              sync.Mutex // guards all fields below
	applied, failed uint64
	ok              bool      // the last reload was applied
	at              time.Time // when a reload was last applied; zero before the first
}

// Started records that the configuration that the master started with was
// applied. It counts as a success, but not as a reload.
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

// Failed counts a reload that changed nothing.
func (r *Reloads) Failed() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failed++
	r.ok = false
}

var (
	reloadsDesc  = desc("config_reloads_total", "Reloads, by result.", "result")
	reloadOKDesc = desc("config_last_reload_successful", "1 if the last reload was applied or, before the first, the initial configuration was; 0 if it failed.")
	reloadAtDesc = desc("config_last_reload_success_timestamp_seconds", "When a configuration was last applied.")
)

// Describe implements prometheus.Collector.
func (r *Reloads) Describe(out chan<- *prometheus.Desc) {
	out <- reloadsDesc
	out <- reloadOKDesc
	out <- reloadAtDesc
}

// Collect implements prometheus.Collector. Until the start has succeeded, it
// reports no success and no timestamp.
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
