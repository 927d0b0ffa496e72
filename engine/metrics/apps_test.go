package metrics

import (
	"testing"

	"github.com/ldcorn/ldcorn/engine/scrape"
)

func someApps() map[string]scrape.Counts {
	return map[string]scrape.Counts{"web": {Results: map[scrape.Result]uint64{scrape.ResultOK: 7, scrape.ResultTimeout: 1}, Skipped: 2, Refused: 5, Carried: 3, Dropped: 4}}
}

func TestApps(t *testing.T) {
	compare(t, NewApps(someApps), `
# HELP ldcorn_app_scrapes_total Requests to workers for the metrics of their app, by result.
# TYPE ldcorn_app_scrapes_total counter
ldcorn_app_scrapes_total{group="web",result="failed"} 0
ldcorn_app_scrapes_total{group="web",result="malformed"} 0
ldcorn_app_scrapes_total{group="web",result="ok"} 7
ldcorn_app_scrapes_total{group="web",result="timeout"} 1
ldcorn_app_scrapes_total{group="web",result="too_long"} 0
# HELP ldcorn_app_families_skipped_total Metrics that an answer of /metrics/apps left out, all or in part, because another worker or group has the name for another type, or a name is another one's without UTF-8.
# TYPE ldcorn_app_families_skipped_total counter
ldcorn_app_families_skipped_total{group="web"} 2
# HELP ldcorn_app_series_refused_total Series that a worker answered and that have no value that can be used, such as a histogram that contradicts itself.
# TYPE ldcorn_app_series_refused_total counter
ldcorn_app_series_refused_total{group="web"} 5
# HELP ldcorn_app_carried_series Series of which the master keeps what ended workers have counted.
# TYPE ldcorn_app_carried_series gauge
ldcorn_app_carried_series{group="web"} 3
# HELP ldcorn_app_carried_dropped_total Series of ended workers that sums lack because there were too many, or their type has changed.
# TYPE ldcorn_app_carried_dropped_total counter
ldcorn_app_carried_dropped_total{group="web"} 4
`)
}
