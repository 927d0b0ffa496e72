package metrics

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/ldcorn/ldcorn/engine/hook"
)

// Hooks collects what the hooks of on_event have got.
type Hooks struct{ now func() map[string]hook.Counts }

// NewHooks returns a collector of the counts that now returns, by the name of the hook.
func NewHooks(now func() map[string]hook.Counts) *Hooks { return &Hooks{now} }

var hookDesc = desc("hook_events_total", "Events for the hooks of on_event, by the program or the host: delivered, failed, or dropped because too many waited.",
	"hook", "outcome")

// Describe implements prometheus.Collector.
func (h *Hooks) Describe(out chan<- *prometheus.Desc) { out <- hookDesc }

// Collect implements prometheus.Collector.
func (h *Hooks) Collect(out chan<- prometheus.Metric) {
	for name, c := range h.now() {
		out <- counter(hookDesc, c.Delivered, name, "delivered")
		out <- counter(hookDesc, c.Failed, name, "failed")
		out <- counter(hookDesc, c.Dropped, name, "dropped")
	}
}
