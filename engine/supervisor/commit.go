package supervisor

import (
	"slices"
	"time"

	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/pool"
)

// A target describes what a group, or one of its workers, is or will become.
type target struct {
	spec       *plan.Group
	generation int           // of the plan that it comes from
	startup    time.Duration // startup_timeout; 0 means no limit
}

// commit makes the target the group's state. In one step the prepared workers
// start to receive requests and the surplus workers (all old workers, if
// replace is set) stop receiving them; then commit retires the latter. It
// cannot fail: a prepared worker that has died in the meantime counts as a
// crash like any other.
func (g *group) commit(t target, replace bool, batch *batch) {
	before := g.spec
	prepared := batch.members()
	g.target = t
	g.configure(t.spec)
	retired := g.resize(replace)
	g.retryIdle() // kept seats only: those of the batch are still empty
	dead := g.adopt(batch)
	g.swap(before, readyOf(prepared), readyOf(retired))
	for _, m := range prepared {
		m.enter()
	}
	for _, m := range retired {
		g.release(m, false)
	}
	for _, m := range dead {
		g.restart(api.RestartCrash, m.index, 0, m.died(), nil)
	}
}

// resize gives the group its number of seats and returns the members that lose
// theirs: those with the highest indexes, or all members if all is set.
func (g *group) resize(all bool) []*member {
	keep := min(len(g.seats), g.spec.Instances)
	if all {
		keep = 0
	}
	for _, s := range g.seats {
		s.target = g.target
	}
	for sc := g.replacing(); sc != nil && sc.index >= keep; sc = g.replacing() { // dropping one can start another that was waiting
		g.dropReplacement(sc)
	}
	var retired []*member
	for _, s := range g.seats[keep:] {
		if s.current != nil {
			retired = append(retired, s.current)
		}
	}
	g.seats = g.seats[:keep:keep]
	for len(g.seats) < g.spec.Instances {
		g.seats = append(g.seats, &seat{target: g.target})
	}
	return retired
}

// adopt puts the members of a batch into their seats and returns the members
// that have already exited.
func (g *group) adopt(batch *batch) []*member {
	var dead []*member
	for _, sc := range batch.successions {
		g.take(sc)
		if sc.next.state == api.StateExited {
			dead = append(dead, sc.next)
			continue
		}
		g.place(sc.next)
	}
	return dead
}

// take gives a prepared succession to its seat: the caller places its worker
// next, and the plan no longer waits for it. Later workers of the seat will use
// the same target. Failed starts count as crashes of the seat.
func (g *group) take(sc *succession) {
	s := g.seats[sc.index]
	s.inherit(sc)
	g.countLost(sc)
	s.target = sc.target
	sc.batch, sc.phase, s.succession = nil, alone, sc
	if sc.next.state == api.StateReady || sc.next.state == api.StateExited {
		g.conclude(sc)
		sc.next.succession = nil
	}
}

// swap exchanges the workers and applies the new settings without ever
// exceeding the cap: a lower cap takes effect before the new workers enter
// service, a higher one only after the old workers, which were promised the
// lower cap, have left.
func (g *group) swap(before *plan.Group, add, remove []*pool.Worker) {
	if spec := *g.pool.Settings(); !slices.Equal(spec.Limits, g.spec.Limits) { // what is in hand counts for them at once
		spec.Limits = g.spec.Limits
		g.pool.Configure(&spec)
	}
	if before == nil || stricter(g.spec, before) {
		g.pool.Configure(g.spec)
		g.pool.Swap(add, remove)
		return
	}
	g.pool.Swap(add, remove)
	g.pool.Configure(g.spec)
}

// stricter reports whether a has a lower cap than b.
func stricter(a, b *plan.Group) bool {
	return a.MaxReqPerWorker > 0 && (b.MaxReqPerWorker == 0 || a.MaxReqPerWorker < b.MaxReqPerWorker)
}

// retryIdle restarts, without a delay, the kept workers that have failed or are
// waiting for a restart. The reload does not wait for them, because a kept
// group that is broken must not block every other change.
func (g *group) retryIdle() {
	for index, s := range g.seats {
		if !s.idle() || s.crashes == 0 {
			continue
		}
		if s.current != nil {
			g.release(s.current, true)
		}
		s.crashes = 0
		g.fill(&succession{index: index, why: api.RestartCrash}, 0)
	}
}
