package metrics

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/ldcorn/ldcorn/engine/scrape"
)

// Apps collects how it goes to ask workers for the metrics of their apps.
type Apps struct {
	now func() map[string]scrape.Counts
}

// NewApps returns a collector of the counts that now returns, by group.
func NewApps(now func() map[string]scrape.Counts) *Apps { return &Apps{now} }

var (
	appScrapesDesc = desc("app_scrapes_total", "Requests to workers for the metrics of their app, by result.", "group", "result")
	appSkippedDesc = desc("app_families_skipped_total", "Metrics that an answer of /metrics/apps left out, all or in part, because another worker or group has the name for another type, or a name is another one's without UTF-8.", "group")
	appRefusedDesc = desc("app_series_refused_total", "Series that a worker answered and that have no value that can be used, such as a histogram that contradicts itself.", "group")
	appCarriedDesc = desc("app_carried_series", "Series of which the master keeps what ended workers have counted.", "group")
	appDroppedDesc = desc("app_carried_dropped_total", "Series of ended workers that sums lack because there were too many, or their type has changed.", "group")
)

// Describe implements prometheus.Collector.
func (a *Apps) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{appScrapesDesc, appSkippedDesc, appRefusedDesc, appCarriedDesc, appDroppedDesc} {
		out <- d
	}
}

// Collect implements prometheus.Collector.
func (a *Apps) Collect(out chan<- prometheus.Metric) {
	for name, c := range a.now() {
		for _, result := range scrape.Results {
			out <- counter(appScrapesDesc, c.Results[result], name, string(result))
		}
		out <- counter(appSkippedDesc, c.Skipped, name)
		out <- counter(appRefusedDesc, c.Refused, name)
		out <- gauge(appCarriedDesc, float64(c.Carried), name)
		out <- counter(appDroppedDesc, c.Dropped, name)
	}
}
