package supervisor

import (
	"cmp"
	"maps"
	"os"
	"slices"
	"time"

	"github.com/prometheus/procfs"

	"github.com/ldcorn/ldcorn/engine/plan"
)

// A Status is a snapshot of a master and its workers.
type Status struct {
	PID         int           `json:"pid"`
	Started     time.Time     `json:"started"`
	Config      string        `json:"config"`      // path
	Fingerprint string        `json:"fingerprint"` // of the plan in effect
	Generation  int           `json:"generation"`  // of the plan in effect; 0 before the first
	Applied     time.Time     `json:"applied"`     // when it took effect, or was last scaled
	RSS         int64         `json:"rss"`         // bytes, of the master alone
	CPU         float64       `json:"cpu"`         // seconds, of the master alone
	Groups      []GroupStatus `json:"groups"`      // as in the configuration, then removed ones that drain
}

// A GroupStatus is a worker group at the time of a Status.
type GroupStatus struct {
	Name      string         `json:"name"`
	App       string         `json:"app"`
	Instances int            `json:"instances"` // wanted
	Ready     int            `json:"ready"`     // workers that get requests
	Cap       int            `json:"cap"`       // max_req_per_worker; 0 = none
	Queued    int            `json:"queued"`    // requests
	Requests  int            `json:"requests"`  // in flight, on its old workers too
	Held      bool           `json:"held"`      // its requests wait until it is released
	HeldSince time.Time      `json:"held_since,omitzero"`
	Failed    bool           `json:"failed"`   // every worker has
	Removed   bool           `json:"removed"`  // no longer in the configuration
	Restarts  []Restarts     `json:"restarts"` // by index, since the group is there
	Workers   []WorkerStatus `json:"workers"`  // by index, the older first
}

// A WorkerStatus is a worker at the time of a Status. One that waits for its
// restart, or has failed, has no process.
type WorkerStatus struct {
	Index      int       `json:"index"`
	PID        int       `json:"pid"` // 0 without a process
	State      State     `json:"state"`
	Since      time.Time `json:"since"`      // of the state; zero for one that has failed
	Generation int       `json:"generation"` // of the plan that it was started for
	Requests   int       `json:"requests"`   // in flight
	Websockets int       `json:"websockets"` // open
	Served     uint64    `json:"served"`     // requests, those in flight included
	Restarts   int       `json:"restarts"`   // after crashes, of this index
	LastExit   string    `json:"last_exit"`  // why the worker before it went; "" for the first
	RSS        int64     `json:"rss"`        // bytes, with the processes that it has started
	CPU        float64   `json:"cpu"`        // seconds, with those
}

// Status tells how things are. It never waits for an apply. Safe from any
// goroutine.
func (s *Supervisor) Status() Status {
	v := s.view.Load()
	st := Status{PID: os.Getpid(), Started: s.born, Config: s.opts.ConfigPath, Generation: v.generation, Applied: v.applied}
	if self, err := procfs.Self(); err == nil {
		if stat, err := self.Stat(); err == nil {
			st.RSS, st.CPU = int64(stat.ResidentMemory()), stat.CPUTime()
		}
	}
	if v.plan == nil {
		return st
	}
	st.Fingerprint, st.Groups = v.plan.Fingerprint, v.status()
	s.measure(st.Groups)
	return st
}

// Groups is the part of Status about the groups, without what workers use: to
// know that takes a look at every process of the machine. Safe from any
// goroutine.
func (s *Supervisor) Groups() []GroupStatus { return s.view.Load().status() }

func (v *view) status() []GroupStatus {
	if v.plan == nil {
		return nil
	}
	var groups []GroupStatus
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

// measure fills in what workers use. It looks through all processes, which
// the groups need not wait for.
func (s *Supervisor) measure(groups []GroupStatus) {
	for _, g := range groups {
		for i := range g.Workers {
			if w := &g.Workers[i]; w.PID != 0 {
				use := s.usage(w.PID)
				w.RSS, w.CPU = use.RSS, use.CPU
			}
		}
	}
}

func (g *group) status(spec *plan.Group) GroupStatus {
	now := g.pool.Stats()
	st := GroupStatus{
		Name: g.name, App: spec.App, Instances: spec.Instances, Ready: now.Ready,
		Cap: spec.MaxReqPerWorker, Queued: now.Queued, Requests: now.Requests,
		Held: !now.Held.IsZero(), HeldSince: now.Held, Failed: g.down.Load(),
		Restarts: g.restartsNow(),
	}
	members := slices.SortedFunc(maps.Keys(g.members), func(a, b *member) int {
		return cmp.Or(cmp.Compare(a.index, b.index), a.born.Compare(b.born))
	})
	for _, m := range members {
		st.Workers = append(st.Workers, g.workerStatus(m))
	}
	for index, s := range g.seats {
		if s.failed {
			st.Workers = append(st.Workers, WorkerStatus{Index: index, State: StateFailed, Restarts: s.restarts, LastExit: s.lastExit})
		}
	}
	slices.SortStableFunc(st.Workers, func(a, b WorkerStatus) int { return cmp.Compare(a.Index, b.Index) })
	return st
}

func (g *group) workerStatus(m *member) WorkerStatus {
	st := WorkerStatus{Index: m.index, PID: m.pid(), State: m.state, Since: m.since, Generation: m.generation}
	if m.worker != nil {
		st.Requests, st.Websockets = m.worker.InFlight()
		st.Served = m.worker.Served()
	}
	if m.index < len(g.seats) {
		st.Restarts, st.LastExit = g.seats[m.index].restarts, g.seats[m.index].lastExit
	}
	return st
}
