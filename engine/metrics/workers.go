package metrics

import (
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/ldcorn/ldcorn/engine/api"
)

// A master knows its workers. A supervisor implements it.
type master interface {
	Status() api.MasterStatus
}

// A Seat is the place of a worker in its group.
type Seat struct {
	Group string
	Index int
}

// Workers collects the state of a master's workers.
type Workers struct {
	master master
	owe    func() map[Seat]time.Duration
}

// NewWorkers returns a collector of a master's workers. It queries the master
// each time it collects. owe returns for how long workers have not begun to answer a
// request; those that owe no answer can be missing.
func NewWorkers(m master, owe func() map[Seat]time.Duration) *Workers { return &Workers{m, owe} }

var (
	generationDesc = desc("config_generation", "Number of configurations applied so far.")
	wantedDesc     = desc("workers_wanted", "Number of workers set by the configuration or ldcorn scale.", "group")
	workersDesc    = desc("workers", "Workers by state, including those that a reload has replaced.", "group", "state")
	upDesc         = desc("worker_up", "1 if the worker with this index is ready.", "group", "worker")
	restartsDesc   = desc("worker_restarts_total", "How often the worker with this index was restarted without a reload, or given up, by reason.",
		"group", "worker", "reason")
	memoryDesc       = desc("worker_resident_memory_bytes", "Resident memory of the worker with this index and the processes that it started.", "group", "worker")
	oweDesc          = desc("worker_unanswered_seconds", "For how long the worker with this index has not begun to answer a request that it has whole; 0 for less than a second.", "group", "worker")
	limitSizeDesc    = desc("limit_size", "Number of requests that all groups together with this limit may have in hand.", "limit")
	limitInHandDesc  = desc("limit_in_hand", "Requests and websockets that count for this limit.", "limit")
	limitWaitingDesc = desc("limit_waiting", "Requests that have a free worker and wait for this limit.", "limit")
	cpuDesc          = desc("worker_cpu_seconds_total", "Processor time of the current process with this index and the processes that it started.", "group", "worker")
)

// states are the states in which a worker can be seen. They are read-only.
var states = []api.WorkerState{api.StateBackoff, api.StateStarting, api.StateReady, api.StateDraining,
	api.StateStopping, api.StateFailed}

// Describe implements prometheus.Collector.
func (k *Workers) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{generationDesc, wantedDesc, workersDesc, upDesc, restartsDesc, memoryDesc, cpuDesc, oweDesc,
		limitSizeDesc, limitInHandDesc, limitWaitingDesc} {
		out <- d
	}
}

// Collect implements prometheus.Collector.
func (k *Workers) Collect(out chan<- prometheus.Metric) {
	st, owe := k.master.Status(), k.owe()
	out <- gauge(generationDesc, float64(st.Generation))
	for i := range st.Groups {
		if g := &st.Groups[i]; !g.Removed {
			collectGroup(out, g, owe)
		}
	}
	for _, l := range st.Limits {
		out <- gauge(limitSizeDesc, float64(l.Size), l.Name)
		out <- gauge(limitInHandDesc, float64(l.InHand), l.Name)
		out <- gauge(limitWaitingDesc, float64(l.Waiting), l.Name)
	}
}

func collectGroup(out chan<- prometheus.Metric, g *api.GroupStatus, owe map[Seat]time.Duration) {
	out <- gauge(wantedDesc, float64(g.Instances), g.Name)
	count := make(map[api.WorkerState]int)
	at := make([]*api.WorkerStatus, len(g.Restarts)) // by index
	for i := range g.Workers {
		w := &g.Workers[i]
		count[w.State]++
		if w.Index < len(at) && (at[w.Index] == nil || at[w.Index].State != api.StateReady) {
			at[w.Index] = w
		}
	}
	for _, s := range states {
		out <- gauge(workersDesc, float64(count[s]), g.Name, string(s))
	}
	for index, w := range at {
		collectWorker(out, g, index, w)
		if w != nil && w.PID != 0 {
			out <- gauge(oweDesc, owe[Seat{g.Name, index}].Seconds(), g.Name, strconv.Itoa(index))
		}
	}
}

// collectWorker reports one index and the process w that has it. If a reload or
// recycling makes two of them, w is the ready one.
func collectWorker(out chan<- prometheus.Metric, g *api.GroupStatus, index int, w *api.WorkerStatus) {
	name := strconv.Itoa(index)
	out <- gauge(upDesc, flag(w != nil && w.State == api.StateReady), g.Name, name)
	for _, why := range api.RestartReasons {
		out <- counter(restartsDesc, uint64(g.Restarts[index][why]), g.Name, name, string(why))
	}
	if w != nil && w.PID != 0 {
		out <- gauge(memoryDesc, float64(w.RSS), g.Name, name)
		out <- prometheus.MustNewConstMetric(cpuDesc, prometheus.CounterValue, w.CPU, g.Name, name)
	}
}
