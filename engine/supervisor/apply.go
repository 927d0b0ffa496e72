package supervisor

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"time"

	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/pool"
)

// errDied is the reason for a worker that became ready, but exited before the
// other workers of the same apply were ready.
var errDied = errors.New("exited right after it became ready")

// A Result describes a completed Apply.
type Result struct {
	Generation int        // number of plans applied so far, including this one
	Plan       *plan.Plan // in effect now; pinned and restart-only settings keep their old values
	Changes    plan.Changes
	Took       time.Duration
}

// A step is one group's part of an apply.
type step struct {
	change  *plan.Change
	group   *group
	fresh   bool // the group is new
	target  target
	replace bool   // the commit replaces every worker
	batch   *batch // started for this apply but not yet in service; never nil
	starts  int    // how many workers this apply starts in total
	ready   int    // how many of them have become ready
}

func (st *step) progress(s Step, ready int) Progress {
	return Progress{Step: s, Group: st.change.Name, Workers: st.starts, Ready: ready}
}

// apply carries out the difference between the plan in effect and next. Only
// the supervisor's goroutine calls it.
func (s *Supervisor) apply(ctx context.Context, next *plan.Plan, opts ApplyOptions) (Result, error) {
	begun := time.Now()
	same := next == nil // what is pinned stays so, even in new workers
	if same {
		next = s.plan // with the same interpreters
	} else {
		s.starter.Forget()
	}
	changes := plan.Diff(s.plan, next, opts.Diff)
	if opts.Check != nil {
		if err := opts.Check(s.plan, s.generation, &changes); err != nil {
			return Result{}, err
		}
	}
	if err := s.before(ctx, &changes, next, &opts); err != nil {
		return Result{}, err
	}
	steps := s.steps(changes.Groups, next)
	var err error
	if atOnce, all := changes.AtOnce(next.ReloadSurge); all {
		err = s.begin(ctx, steps, &opts)
	} else {
		err = s.roll(ctx, steps, atOnce, &opts)
	}
	if err != nil {
		return Result{}, err
	}
	s.generation++
	s.plan = effective(s.plan, next, changes)
	s.commit(steps, same)
	for _, st := range steps {
		if st.starts > 0 || st.change.Action == plan.Resize {
			opts.tell(st.progress(StepSwapped, st.starts))
		}
	}
	return Result{Generation: s.generation, Plan: s.plan, Changes: changes, Took: time.Since(begun)}, nil
}

// effective returns the plan that runs once the changes are applied.
func effective(old, next *plan.Plan, changes plan.Changes) *plan.Plan {
	p := *next
	p.Listeners, p.Groups = changes.Listening(), nil
	for i := range changes.Groups {
		if spec := changes.Groups[i].Effective(); spec != nil {
			p.Groups = append(p.Groups, spec)
		}
	}
	if old != nil {
		p.ControlSocket = old.ControlSocket
	}
	return &p
}

// steps prepares the parts of an apply. It starts the goroutines of new groups,
// which have no workers yet.
func (s *Supervisor) steps(changes []plan.Change, next *plan.Plan) []*step {
	steps := make([]*step, len(changes))
	for i := range changes {
		c := &changes[i]
		st := &step{change: c, group: s.groups[c.Name], batch: new(batch)}
		if c.Action != plan.Remove {
			st.target = target{spec: c.Effective(), generation: s.generation + 1, startup: next.StartupTimeout}
			st.replace = c.Action == plan.Replace
		}
		if c.Action == plan.Add {
			st.fresh, st.group = true, s.newGroup(st.target.spec)
			st.group.restarts = cloneRestarts(s.restarts[c.Name])
			s.running.Go(st.group.run)
		}
		steps[i] = st
	}
	return steps
}

// begin starts the new workers of all groups together and waits until all of
// them are ready. If it fails, it leaves nothing running.
func (s *Supervisor) begin(ctx context.Context, steps []*step, opts *ApplyOptions) error {
	l := newLaunch()
	for _, st := range steps {
		if indexes := st.added(); len(indexes) > 0 {
			st.batch = l.add(st.group, st.target, !st.replace && st.group.pool.Ready() > 0, indexes)
		}
	}
	for _, st := range steps {
		if st.starts = len(st.batch.successions); st.starts > 0 {
			opts.tell(st.progress(StepStarted, 0))
		}
	}
	err := l.await(ctx, s.observe(steps, opts))
	if err != nil {
		abort(steps)
	}
	return err
}

// added returns the indexes that the target needs and the group does not have.
func (st *step) added() (indexes []int) {
	if st.target.spec == nil {
		return nil
	}
	from := 0
	if !st.replace {
		st.group.do(func() { from = len(st.group.seats) })
	}
	for index := from; index < st.target.spec.Instances; index++ {
		indexes = append(indexes, index)
	}
	return indexes
}

// abort stops everything that was started for the steps and waits until it is
// gone.
func abort(steps []*step) {
	var ending []*member
	for _, st := range steps {
		st.group.do(func() {
			members := st.batch.members()
			st.batch.over = true
			if st.fresh {
				st.group.finish(true)
			} else {
				st.group.retire(members, true)
			}
			ending = append(ending, members...)
		})
	}
	for _, m := range ending {
		<-m.over
	}
	for _, st := range steps {
		if st.fresh {
			<-st.group.done
		}
	}
}

// commit starts serving the plan in effect: first it puts the workers into
// service, so that the table never names a group that is not ready; then it
// publishes the table; only then does it end the removed groups, which the
// table no longer names. If the plan is the same as before, what is pinned is, too.
func (s *Supervisor) commit(steps []*step, same bool) {
	s.limits.Configure(s.plan)
	groups := make(map[string]*group)
	for _, st := range steps {
		if st.change.Action == plan.Remove {
			continue
		}
		st.group.do(func() {
			st.group.commit(st.target, st.replace, st.batch)
			if same {
				return
			}
			st.group.pinned = nil
			for _, c := range st.change.Pinned {
				st.group.pinned = append(st.group.pinned, c.Name)
			}
		})
		groups[st.change.Name] = st.group
	}
	s.groups = groups
	s.opts.Publisher.Publish(s.plan, pools(groups))
	maps.DeleteFunc(s.leaving, func(g *group, _ struct{}) bool { return g.hasEnded() })
	for _, st := range steps {
		s.applied(st)
		if st.change.Action == plan.Remove {
			s.leaving[st.group] = struct{}{}
			st.group.do(func() {
				s.keepRestarts(st.group)
				st.group.finish(false)
			})
		}
	}
	s.show(time.Now())
}

// applied reports that a group matches its target.
func (s *Supervisor) applied(st *step) {
	level := slog.LevelInfo
	if s.opts.Watched { // for each save; whoever has saved is told before what will change
		level = slog.LevelDebug
	}
	s.opts.Log.Log(context.Background(), level, "group applied", "group", st.change.Name, "change", st.change.Action, "reason", st.change.Reason)
	e := api.Event{Kind: api.EventApplied, Group: st.change.Name, Generation: s.generation, Reason: string(st.change.Action) + ": " + st.change.Reason}
	if st.change.New != nil {
		e.Workers = st.change.New.Instances
	}
	s.opts.Events.Emit(e)
}

// pools returns the pools of the groups, which is all that the proxy sees of
// them.
func pools(groups map[string]*group) map[string]*pool.Pool {
	out := make(map[string]*pool.Pool, len(groups))
	for name, g := range groups {
		out[name] = g.pool
	}
	return out
}
