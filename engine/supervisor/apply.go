package supervisor

import (
	"context"
	"errors"
	"maps"
	"time"

	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/pool"
)

// errDied is the reason where a worker was ready and has ended before the
// others of the same apply were.
var errDied = errors.New("ended again right after it was ready")

// A Result says what an Apply has done.
type Result struct {
	Generation int        // counts the plans that were applied, from 1
	Plan       *plan.Plan // in effect now: pinned and restart-only settings are the old ones
	Changes    plan.Changes
	Took       time.Duration
}

// A step is one group's part of an apply.
type step struct {
	change  *plan.Change
	group   *group
	fresh   bool // the group is new
	target  target
	members []*member // started for this apply
}

// apply carries out the difference to next. It is called by the supervisor's
// goroutine alone.
func (s *Supervisor) apply(ctx context.Context, next *plan.Plan, opts ApplyOptions) (Result, error) {
	begun := time.Now()
	s.starter.Forget()
	changes := plan.Diff(s.plan, next, opts.Diff)
	steps, reports := s.prepare(changes.Pools, next)
	if err := awaitAll(ctx, steps, reports, &opts); err != nil {
		abort(steps)
		return Result{}, err
	}
	s.generation++
	s.plan = effective(s.plan, next, changes)
	s.commit(steps)
	for _, st := range steps {
		if a := st.change.Action; a == plan.Add || a == plan.Replace || a == plan.Resize {
			opts.tell(StepSwapped, st, len(st.members))
		}
	}
	return Result{Generation: s.generation, Plan: s.plan, Changes: changes, Took: time.Since(begun)}, nil
}

// effective is the plan that runs once the changes are applied.
func effective(old, next *plan.Plan, changes plan.Changes) *plan.Plan {
	p := *next
	p.Pools = nil
	for i := range changes.Pools {
		if pool := changes.Pools[i].Effective(); pool != nil {
			p.Pools = append(p.Pools, pool)
		}
	}
	if old != nil {
		p.Bind, p.Admin = old.Bind, old.Admin
	}
	return &p
}

// prepare starts what must start, in all groups together.
func (s *Supervisor) prepare(changes []plan.Change, next *plan.Plan) ([]*step, <-chan report) {
	steps := make([]*step, len(changes))
	most := 0
	for i := range changes {
		c := &changes[i]
		st := &step{change: c, group: s.groups[c.Name]}
		if c.Action != plan.Remove {
			st.target = target{
				spec: c.Effective(), replace: c.Action == plan.Replace,
				generation: s.generation + 1, startup: next.StartupTimeout,
			}
			most += st.target.spec.Instances
		}
		if c.Action == plan.Add {
			st.fresh, st.group = true, s.newGroup(st.target.spec)
			s.running.Go(st.group.run)
		}
		steps[i] = st
	}
	reports := make(chan report, most) // a member reports once, and never waits for us
	for _, st := range steps {
		if st.change.Action != plan.Remove {
			st.group.do(func() { st.members = st.group.prepare(st.target, reports) })
		}
	}
	return steps, reports
}

// awaitAll waits until every new worker is ready, or one is not.
func awaitAll(ctx context.Context, steps []*step, reports <-chan report, opts *ApplyOptions) error {
	waiting := 0
	ready := make(map[*group]int)
	of := make(map[*group]*step)
	for _, st := range steps {
		waiting += len(st.members)
		of[st.group] = st
		if len(st.members) > 0 {
			opts.tell(StepStarted, st, 0)
		}
	}
	for ; waiting > 0; waiting-- {
		select {
		case r := <-reports:
			if r.err != nil {
				return r.err
			}
			g := r.member.group
			ready[g]++
			opts.tell(StepReady, of[g], ready[g])
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	for _, st := range steps {
		for _, m := range st.members {
			if hasEnded(m) {
				return &StartError{Pool: st.group.name, Worker: m.index, Err: errDied, Stderr: m.proc.Stderr()}
			}
		}
	}
	return nil
}

// hasEnded reports whether a member that was ready has ended.
func hasEnded(m *member) bool {
	select {
	case <-m.proc.Exited():
		return true
	default:
		return false
	}
}

// abort stops what prepare has started, and returns when it is gone.
func abort(steps []*step) {
	for _, st := range steps {
		st.group.do(func() {
			if st.fresh {
				st.group.finish(true)
			} else {
				st.group.retire(st.members, true)
			}
		})
	}
	for _, st := range steps {
		for _, m := range st.members {
			<-m.over
		}
		if st.fresh {
			<-st.group.done
		}
	}
}

// commit makes the plan in effect the one that is served: the workers first,
// so that the table never names a pool that is not ready, then the table, and
// only then the end of removed groups, which it does not name any more.
func (s *Supervisor) commit(steps []*step) {
	groups := make(map[string]*group)
	for _, st := range steps {
		if st.change.Action == plan.Remove {
			continue
		}
		st.group.do(func() { st.group.commit(st.target, st.members) })
		groups[st.change.Name] = st.group
	}
	s.groups = groups
	s.opts.Publisher.Publish(s.plan, pools(groups))
	maps.DeleteFunc(s.leaving, func(g *group, _ struct{}) bool { return g.hasEnded() })
	for _, st := range steps {
		s.opts.Log.Info("pool applied", "pool", st.change.Name, "change", st.change.Action, "reason", st.change.Reason)
		if st.change.Action == plan.Remove {
			s.leaving[st.group] = struct{}{}
			st.group.do(func() { st.group.finish(false) })
		}
	}
	s.show(time.Now())
}

// pools are the groups as the proxy sees them.
func pools(groups map[string]*group) map[string]*pool.Pool {
	out := make(map[string]*pool.Pool, len(groups))
	for name, g := range groups {
		out[name] = g.pool
	}
	return out
}
