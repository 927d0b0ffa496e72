package supervisor

import (
	"time"

	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/pool"
)

// A target is what a group, or a worker of it, is or is to become.
type target struct {
	spec       *plan.Group
	generation int           // of the plan that it is from
	startup    time.Duration // startup_timeout; 0 = no limit
}

// commit makes the target the group's state: prepared workers get requests,
// in the same step those that are too many, or all others with replace, get no
// more, and then they are retired. It cannot fail: a prepared worker that has died meanwhile
// is a crash like any other.
func (g *group) commit(t target, replace bool, batch *batch) {
	before := g.spec
	prepared := batch.members()
	g.target = t
	g.configure(t.spec)
	retired := g.resize(replace)
	g.retryIdle() // seats that are kept: those of the batch are empty yet
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

// resize gives the group its number of seats and returns the members that
// lose theirs: the highest indexes, or all.
func (g *group) resize(all bool) []*member {
	keep := min(len(g.seats), g.spec.Instances)
	if all {
		keep = 0
	}
	for _, s := range g.seats {
		s.target = g.target
	}
	for sc := g.replacing(); sc != nil && sc.index >= keep; sc = g.replacing() { // another may have waited for its turn
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

// adopt puts the members of a batch into their seats, and returns those that
// have ended already. Starts that have failed before are crashes of the seat.
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

// take makes a prepared succession the seat's: its worker is placed next, and
// the plan does not wait for it any more. What the worker is, those after it
// will be. Failed starts are crashes of the seat.
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

// swap exchanges the workers and applies the new settings. The cap must not
// be exceeded in between: a lower one holds before new workers come, a higher
// one only once the old workers, which were promised less, are out.
func (g *group) swap(before *plan.Group, add, remove []*pool.Worker) {
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

// retryIdle starts kept workers that have failed, or wait for a restart, once
// more and at once. The reload does not wait for them: a kept group that is
// broken must not keep every other change out.
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
