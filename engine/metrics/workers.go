package metrics

import (
	"strconv"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/ldcorn/ldcorn/engine/api"
)

// A master knows its workers: a supervisor does.
type master interface {
	Status() api.MasterStatus
}

// Workers collects for Prometheus how the workers of a master are.
type Workers struct{ master master }

// NewWorkers returns the collector of a master's workers. It asks the master
// each time that it is asked.
func NewWorkers(m master) *Workers { return &Workers{m} }

var (
	generationDesc = desc("config_generation", "Counts the configurations that were applied, from 1; 0 before the first.")
	wantedDesc     = desc("workers_wanted", "Workers that the configuration, or ldcorn scale, wants.", "group")
	workersDesc    = desc("workers", "Workers by state, those that a reload has replaced included.", "group", "state")
	upDesc         = desc("worker_up", "1 if the worker of this index is ready.", "group", "worker")
	restartsDesc   = desc("worker_restarts_total", "How often the worker of this index was started again without a reload, or given up, by reason.",
		"group", "worker", "reason")
	memoryDesc = desc("worker_resident_memory_bytes", "Memory that the worker of this index and what it has started have resident.", "group", "worker")
	cpuDesc    = desc("worker_cpu_seconds_total", "Processor time of the present process of this index and what it has started.", "group", "worker")
)

// states are those that a worker can be seen in. Only read.
var states = []api.WorkerState{api.StateBackoff, api.StateStarting, api.StateReady, api.StateDraining,
	api.StateStopping, api.StateFailed}

// Describe implements prometheus.Collector.
func (k *Workers) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{generationDesc, wantedDesc, workersDesc, upDesc, restartsDesc, memoryDesc, cpuDesc} {
		out <- d
	}
}

// Collect implements prometheus.Collector.
func (k *Workers) Collect(out chan<- prometheus.Metric) {
	st := k.master.Status()
	out <- gauge(generationDesc, float64(st.Generation))
	for i := range st.Groups {
		if g := &st.Groups[i]; !g.Removed {
			collectGroup(out, g)
		}
	}
}

func collectGroup(out chan<- prometheus.Metric, g *api.GroupStatus) {
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
	}
}

// collectWorker tells of one index, and of the process w that has it: the one
// that is ready, where a reload or a recycling makes them two.
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
