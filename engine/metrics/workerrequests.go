package metrics

import (
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/stats"
)

// WorkerRequests collects the requests of each worker, by its place in its group. The
// series are few, because there can be many workers: the details are those of the group.
type WorkerRequests struct {
	groups  func() []api.GroupStatus
	counted *stats.Requests
}

// NewWorkerRequests returns a collector of counted for the workers of groups.
func NewWorkerRequests(groups func() []api.GroupStatus, counted *stats.Requests) *WorkerRequests {
	return &WorkerRequests{groups, counted}
}

var (
	workerCountDesc  = desc("worker_requests_total", "Requests of which the worker with this index was the last that had them.", "group", "worker")
	workerErrorsDesc = desc("worker_request_errors_total", "Those of them that were answered with a status of 500 or above.", "group", "worker")
	workerSlotDesc   = desc("worker_request_slot_seconds", "Time for which requests had a slot of the worker with this index; for a websocket, until its acceptance.", "group", "worker")
)

// workerBounds are like bounds, for the histogram of each worker. They are read-only.
var workerBounds = []time.Duration{10 * time.Millisecond, 100 * time.Millisecond, time.Second, 10 * time.Second}

// Describe implements prometheus.Collector.
func (*WorkerRequests) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{workerCountDesc, workerErrorsDesc, workerSlotDesc} {
		out <- d
	}
}

// Collect implements prometheus.Collector.
func (k *WorkerRequests) Collect(out chan<- prometheus.Metric) {
	counted := k.counted.Groups()
	for _, g := range k.groups() {
		of := counted[g.Name]
		if g.Removed || of == nil {
			continue
		}
		seats := of.Seats()
		for index := range g.Restarts {
			var c stats.Counts // no request has come yet
			if index < len(seats) {
				c = seats[index]
			}
			name := strconv.Itoa(index)
			out <- counter(workerCountDesc, c.Requests(), g.Name, name)
			out <- counter(workerErrorsDesc, c.Classes[len(c.Classes)-1], g.Name, name)
			out <- histogram(workerSlotDesc, &c.Held, workerBounds, g.Name, name)
		}
	}
}
