package supervisor

import (
	"context"
	"fmt"
	"time"

	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/pool"
)

// wearInterval is how often a worker is checked for wear.
const wearInterval = time.Second

// lifetimePart limits how much sooner than max_lifetime a worker is replaced,
// so that workers that started together do not all go at once: by up to this
// fraction, one tenth.
const lifetimePart = 10

// greedyLife is how soon after its start a worker must reach max_rss for its
// replacement to wait longer. It is longer than the longest wait.
const greedyLife = 2 * maxBackoff

// wear says why a worker should be replaced.
type wear struct {
	why    api.RestartReason // "" if it should not be
	reason string            // the same in words
}

// watchWear replaces a worker in service before it causes trouble, until ctx
// ends. It repeats a request that the group does not carry out immediately.
func (m *member) watchWear(ctx context.Context, proc process, w *pool.Worker) {
	born := time.Now()
	for {
		set := m.group.settings.Load()
		var tick <-chan time.Time
		if spec := set.spec; spec.MaxRequests > 0 || spec.MaxRSS > 0 || spec.MaxLifetime > 0 {
			tick = time.After(wearInterval)
		}
		select {
		case <-tick:
			if worn := m.worn(set.spec, proc.PID(), w.Served(), time.Since(born)); worn.why != "" {
				m.group.post(func() { m.group.recycle(m, worn) })
			}
		case <-set.changed:
		case <-ctx.Done():
			return
		}
	}
}

// worn compares a worker with its limits.
func (m *member) worn(spec *plan.Group, pid int, served uint64, age time.Duration) wear {
	extra := int(m.spread * float64(spec.MaxRequestsJitter+1)) // between 0 and max_requests_jitter
	sooner := time.Duration(m.spread * float64(spec.MaxLifetime/lifetimePart))
	switch {
	case spec.MaxRequests > 0 && served >= uint64(spec.MaxRequests+extra):
		return wear{api.RestartMaxRequests, fmt.Sprintf("%d requests (max_requests)", served)}
	case spec.MaxLifetime > 0 && age >= spec.MaxLifetime-sooner:
		return wear{api.RestartMaxLifetime, fmt.Sprintf("%v old (max_lifetime)", age.Round(time.Second))}
	case spec.MaxRSS == 0:
		return wear{}
	}
	if rss := m.group.usage(pid).RSS; rss >= spec.MaxRSS {
		return wear{api.RestartMaxRSS, fmt.Sprintf("%d MiB resident (max_rss)", rss>>20)}
	}
	return wear{}
}

// recycle replaces a worn-out worker, unless another worker of the group is
// being replaced, or the last attempt failed recently.
func (g *group) recycle(m *member, worn wear) {
	if !m.current || m.state != api.StateReady || g.replacing() != nil || g.closing || time.Now().Before(m.keepUntil) {
		return
	}
	s := g.seats[m.index]
	if worn.why == api.RestartMaxRSS && time.Since(m.since) < greedyLife {
		s.greedy++
	} else {
		s.greedy = 0
	}
	if s.greedy > 1 {
		g.log.Warn("worker reached max_rss soon after its start; the limit may be too low", "worker", m.index, "pid", m.proc.PID())
	}
	g.log.Info("worker recycled", "worker", m.index, "pid", m.proc.PID(), "reason", worn.reason)
	s.lastExit = "recycled: " + worn.reason
	g.emit(api.EventRecycled, m, api.Event{Reason: worn.reason})
	g.replace(m, worn.why, nil)
}
