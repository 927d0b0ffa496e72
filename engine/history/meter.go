package history

import (
	"slices"
	"time"

	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/worker"
)

// A meter knows the memory and CPU use of the workers, as last measured.
type meter struct {
	at   time.Time     // when it was measured; zero before the first time
	took time.Duration // of the last measurement
	next time.Duration // when the next one is due
	of   map[int]use   // by pid
}

// A use is what a worker uses.
type use struct {
	total float64 // seconds of processor time
	rss   float32 // bytes
	cpu   float32 // processors, since the measurement before; unknown for the first
}

// longWork is how long a measurement takes that the event loops should not wait for.
const longWork = 5 * time.Millisecond

// measure measures the workers of groups, unless that would be too often.
func (h *History) measure(groups []api.GroupStatus) {
	begun := h.opts.elapsed()
	if begun < h.meter.next || !running(groups) {
		return
	}
	if h.meter.took >= longWork {
		defer h.opts.Busy()()
	}
	all, at := h.opts.Supervisor.Usages()
	h.meter.update(groups, all, at)
	h.meter.took = h.opts.elapsed() - begun
	h.meter.next = begun + min(max(measureShare*h.meter.took, time.Second), measureAtLeast) - time.Second/2
}

// running reports whether there is a worker with a process.
func running(groups []api.GroupStatus) bool {
	for i := range groups {
		if slices.ContainsFunc(groups[i].Workers, func(w api.WorkerStatus) bool { return w.PID != 0 }) {
			return true
		}
	}
	return false
}

func (m *meter) update(groups []api.GroupStatus, all map[int]worker.Usage, at time.Time) {
	passed := at.Sub(m.at).Seconds()
	if !m.at.IsZero() && passed <= 0 {
		return // it is the measurement before
	}
	next := make(map[int]use, len(m.of))
	for i := range groups {
		for j := range groups[i].Workers {
			pid := groups[i].Workers[j].PID
			u, ok := all[pid]
			if pid == 0 || !ok {
				continue
			}
			one := use{total: u.CPU, rss: float32(u.RSS), cpu: unknown}
			if !m.at.IsZero() {
				before := m.of[pid].total // 0 if the process has begun since
				if u.CPU < before {
					before = 0 // a process of the worker has ended, or its pid is that of another
				}
				one.cpu = float32((u.CPU - before) / passed)
			}
			next[pid] = one
		}
	}
	m.of, m.at = next, at
}
