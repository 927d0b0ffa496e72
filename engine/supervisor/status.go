package supervisor

import (
	"cmp"
	"maps"
	"os"
	"slices"
	"time"

	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/pool"
	"github.com/ldcorn/ldcorn/engine/worker"
)

// Status returns a snapshot of the master and its workers. It never waits for
// an apply. It is safe to call from any goroutine.
func (s *Supervisor) Status() api.MasterStatus {
	v := s.view.Load()
	st := api.MasterStatus{PID: os.Getpid(), Started: s.born, Config: s.opts.ConfigPath, Generation: v.generation, Applied: v.applied}
	st.RSS, st.CPU = ownUsage()
	if v.plan == nil {
		return st
	}
	st.Fingerprint, st.Groups, st.Limits = v.plan.Fingerprint, v.status(), s.limitStatus(v)
	s.measure(st.Groups)
	return st
}

// limitStatus returns the limits that groups share, with the groups of a view
// whose requests count for them: those that have the limit, and those that had it
// when they got requests which are still in hand.
func (s *Supervisor) limitStatus(v *view) []api.Limit {
	var out []api.Limit
	for _, l := range s.limits.Status() {
		one := api.Limit{Name: l.Name, Size: l.Size, InHand: l.InHand, Waiting: l.Waiting, Groups: []string{}}
		add := func(g *group) {
			if g.pool.HasLimit(l.Name) && !slices.Contains(one.Groups, g.name) {
				one.Groups = append(one.Groups, g.name)
			}
		}
		for _, p := range v.plan.Groups {
			add(v.groups[p.Name])
		}
		for _, g := range v.leaving {
			add(g)
		}
		if one.InHand > 0 || len(one.Groups) > 0 { // otherwise it is of a reload that failed
			out = append(out, one)
		}
	}
	return out
}

// Groups returns the part of Status about the groups, without the memory and
// CPU use of the workers, which requires a look at every process on the
// machine. It is safe to call from any goroutine.
func (s *Supervisor) Groups() []api.GroupStatus { return s.view.Load().status() }

func (v *view) status() []api.GroupStatus {
	if v.plan == nil {
		return nil
	}
	var groups []api.GroupStatus
	for _, p := range v.plan.Groups {
		g := v.groups[p.Name]
		g.do(func() { groups = append(groups, g.status(g.spec)) })
	}
	for _, g := range v.leaving {
		g.do(func() {
			removed := g.status(g.spec)
			removed.Removed, removed.Instances = true, 0
			groups = append(groups, removed)
		})
	}
	return groups
}

// measure fills in the memory and CPU use of the workers. It looks at all
// processes, so it runs outside the groups' goroutines.
func (s *Supervisor) measure(groups []api.GroupStatus) {
	for _, g := range groups {
		for i := range g.Workers {
			if w := &g.Workers[i]; w.PID != 0 {
				use := s.usage(w.PID)
				w.RSS, w.CPU = use.RSS, use.CPU
			}
		}
	}
}

// usageAge is how long Usages reuses what it has read. It is less than the second between
// two readings of the history, so that each reads anew.
const usageAge = time.Second / 2

// Usages returns the memory and CPU use of the workers by pid, and when it was read.
// Others that are not workers are in the map, too. The caller must not change it. It
// looks at all processes of the machine. It is safe to call from any goroutine.
func (s *Supervisor) Usages() (map[int]worker.Usage, time.Time) { return s.meter.All(usageAge) }

func (g *group) status(spec *plan.Group) api.GroupStatus {
	now := g.pool.Stats()
	st := api.GroupStatus{
		Name: g.name, App: spec.App, Instances: spec.Instances, Ready: now.Ready,
		Cap: spec.MaxReqPerWorker, Queued: now.Queued, Queue: queueOf(&now), Requests: now.Requests,
		Held: !now.Held.IsZero(), HeldSince: now.Held, Failed: g.down.Load(),
		Sticky: stickyOf(spec, g.pool), Restarts: g.restartsNow(), Pinned: slices.Clone(g.pinned),
		System: spec.System(),
	}
	members := slices.SortedFunc(maps.Keys(g.members), func(a, b *member) int {
		return cmp.Or(cmp.Compare(a.index, b.index), a.born.Compare(b.born))
	})
	for _, m := range members {
		st.Workers = append(st.Workers, g.workerStatus(m))
	}
	for index, s := range g.seats {
		if s.failed {
			st.Workers = append(st.Workers, api.WorkerStatus{Index: index, State: api.StateFailed, Restarts: s.restarts, LastExit: s.lastExit})
		}
	}
	slices.SortStableFunc(st.Workers, func(a, b api.WorkerStatus) int { return cmp.Compare(a.Index, b.Index) })
	return st
}

func queueOf(now *pool.Stats) api.Queue {
	return api.Queue{
		Overloaded: now.Overloaded, Oldest: now.Longest.Seconds(),
		Full: now.Full, Evicted: now.Evicted, TimedOut: now.TimedOut, Left: now.Left,
	}
}

func (g *group) workerStatus(m *member) api.WorkerStatus {
	st := api.WorkerStatus{Index: m.index, PID: m.pid(), State: m.state, Since: m.since, Generation: m.generation}
	if m.worker != nil {
		st.Socket = m.worker.Socket
		st.Requests, st.Websockets = m.worker.InFlight()
		st.Served = m.worker.Served()
	}
	switch {
	case m.succession != nil && !m.current:
		st.New = true
	case m.index < len(g.seats):
		st.Restarts, st.LastExit = g.seats[m.index].restarts, g.seats[m.index].lastExit
	}
	return st
}

// stickyOf returns how a group's sticky binds clients to workers, or nil if it
// does so by a key, which leaves no trace, or not at all.
func stickyOf(spec *plan.Group, p *pool.Pool) *api.Sticky {
	if !spec.Sticky.Binds() {
		return nil
	}
	bonds := p.Bonds()
	known := bonds.Stats()
	return &api.Sticky{Known: known.Known, Learned: known.Learned, Evicted: known.Evicted,
		Issued: bonds.Issued.Load(), Followed: bonds.Followed.Load(), Strayed: bonds.Strayed.Load()}
}
