package supervisor

import (
	"time"

	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/pool"
)

// A target is what a group is to become: the group as it will run, and
// whether every worker is replaced.
type target struct {
	spec       *plan.Group
	replace    bool
	generation int
	startup    time.Duration
}

// commit makes the target the group's state: prepared workers get requests,
// in the same step those that are replaced or too many get no more, and then
// they are retired. It cannot fail: a prepared worker that has died meanwhile
// is a crash like any other.
func (g *group) commit(t target, crew *crew) {
	before := g.spec
	prepared := crew.members()
	g.spec, g.generation, g.startup = t.spec, t.generation, t.startup
	g.configure(t.spec)
	retired := g.resize(t)
	dead := g.adopt(crew)
	g.swap(before, readyOf(prepared), readyOf(retired))
	for _, m := range prepared {
		m.enter()
	}
	for _, m := range retired {
		g.release(m, false)
	}
	g.retryIdle()
	for _, m := range dead {
		g.restart(RestartCrash, m.index, 0, m.died(), nil)
	}
}

// resize gives the group its number of slots and returns the members that
// lose theirs: the highest indexes, or all.
func (g *group) resize(t target) []*member {
	keep := min(len(g.slots), t.spec.Instances)
	if t.replace {
		keep = 0
	}
	for g.replacing != nil && g.replacing.index >= keep { // another may have waited for its turn
		g.dropReplacement()
	}
	var retired []*member
	for _, s := range g.slots[keep:] {
		if s.current != nil {
			retired = append(retired, s.current)
		}
	}
	g.slots = g.slots[:keep:keep]
	for _, s := range g.slots {
		s.ahead = nil // the group is, too, from now on
	}
	for len(g.slots) < t.spec.Instances {
		g.slots = append(g.slots, new(slot))
	}
	return retired
}

// adopt puts the members of a crew into their slots, and returns those that
// have ended already. Starts that have failed before are crashes of the slot.
func (g *group) adopt(crew *crew) []*member {
	var dead []*member
	for _, b := range crew.berths {
		m := b.member
		m.berth = nil
		g.slots[m.index].inherit(b)
		if m.state == StateExited {
			dead = append(dead, m)
			continue
		}
		g.place(m)
	}
	return dead
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
	for index, s := range g.slots {
		if !s.idle() || s.crashes == 0 {
			continue
		}
		if s.current != nil {
			g.release(s.current, true)
		}
		s.crashes = 0
		g.place(g.respawn(index, 0, nil))
	}
}
