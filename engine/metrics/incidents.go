package metrics

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/ldcorn/ldcorn/engine/api"
)

// Incidents collects what is wrong.
type Incidents struct {
	groups func() []api.GroupStatus
	now    func() []api.Incident
}

// NewIncidents returns a collector of the incidents of groups.
func NewIncidents(groups func() []api.GroupStatus, now func() []api.Incident) *Incidents {
	return &Incidents{groups, now}
}

var incidentsDesc = desc("incidents", "What is wrong now, by kind: number of workers, or 1 for the group as a whole. ldcorn status says more.", "group", "kind")

// Describe implements prometheus.Collector.
func (n *Incidents) Describe(out chan<- *prometheus.Desc) { out <- incidentsDesc }

// Collect implements prometheus.Collector.
func (n *Incidents) Collect(out chan<- prometheus.Metric) {
	type label struct {
		group string
		kind  api.IncidentKind
	}
	counts := make(map[label]int)
	for _, in := range n.now() {
		counts[label{in.Group, in.Kind}]++
	}
	groups := n.groups()
	for i := range groups {
		if groups[i].Removed {
			continue
		}
		for _, kind := range api.IncidentKinds {
			out <- gauge(incidentsDesc, float64(counts[label{groups[i].Name, kind}]), groups[i].Name, string(kind))
		}
	}
}
