package supervisor

import (
	"context"
	"fmt"
	"time"

	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/pool"
)

// wearInterval is how often it is looked whether a worker is worn out.
const wearInterval = time.Second

// lifetimePart is the part of max_lifetime by which some workers are replaced
// sooner, so that those that were started together do not all go at once.
const lifetimePart = 10

// greedyLife is how soon a worker that has taken max_rss is one whose
// replacement must wait longer: longer than the longest wait.
const greedyLife = 2 * maxBackoff

// wear says why a worker is to be replaced.
type wear struct {
	why    api.RestartReason // "" if it is not
	reason string            // the same in words
}

// watchWear has a worker in service replaced before it makes trouble, until
// ctx ends. What the group does not do at once it is asked for again.
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
	extra := int(m.spread * float64(spec.MaxRequestsJitter+1)) // 0 to all of it
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

// recycle replaces a worker that is worn out, unless another of the group is
// being replaced, or the last try has failed not long ago.
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
		g.log.Warn("worker takes max_rss soon after its start, which may be too low for it", "worker", m.index, "pid", m.proc.PID())
	}
	g.log.Info("worker recycled", "worker", m.index, "pid", m.proc.PID(), "reason", worn.reason)
	s.lastExit = "recycled: " + worn.reason
	g.emit(api.EventRecycled, m, api.Event{Reason: worn.reason})
	g.replace(m, worn.why, nil)
}
