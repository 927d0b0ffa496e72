package supervisor

import (
	"context"
	"slices"

	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/plan"
)

// A roll carries out an apply that cannot run all replacements beside the
// workers that they replace. It replaces as many at a time as allowed, and
// waits for the old ones to exit before it starts the next wave.
//
// Because old workers exit before the last new one is ready, they cannot be
// kept as a fallback. So, while nothing has changed yet, the roll first starts
// one worker of every group that gets new ones, on trial: this is when it finds
// what is wrong with a configuration or its code. If a worker fails after that,
// the roll replaces the new workers with workers of the plan in effect, running
// the code as it is by then.
//
// Until the end the plan in effect stays, with its routes and settings. The one
// exception is the cap: the lower of the old and the new one holds from the
// first replacement on.
type roll struct {
	s      *Supervisor
	steps  []*step
	atOnce int
	opts   *ApplyOptions
	turns  []*turn // all turns, in order
	watch  *observer
	tried  bool // a worker of every group has become ready
	done   int  // number of turns completed
}

// A turn is one worker to replace.
type turn struct {
	step       *step
	index      int
	succession *succession // to the replacement; nil until that is started
}

// roll does everything but the commit. If it fails, everything is as before,
// except as described by a RollbackError.
func (s *Supervisor) roll(ctx context.Context, steps []*step, atOnce int, opts *ApplyOptions) error {
	r := &roll{s: s, steps: steps, atOnce: atOnce, opts: opts, watch: s.observe(steps, opts)}
	r.plan()
	s.opts.Log.Info("replacing workers in waves", "workers", len(r.turns), "at_once", atOnce)
	if err := r.try(ctx); err != nil {
		abort(steps)
		return err
	}
	for r.done < len(r.turns) {
		if err := r.advance(ctx, r.turns[r.done:min(r.done+atOnce, len(r.turns))]); err != nil {
			return r.back(err)
		}
	}
	return nil
}

// plan orders the workers so that the first of every group come first.
func (r *roll) plan() {
	for _, st := range r.steps {
		n := st.change.Replaced()
		for index := range n {
			r.turns = append(r.turns, &turn{step: st, index: index})
		}
		st.replace = false // only the difference in number is left for the commit
		st.starts = n + st.change.Added()
	}
	slices.SortStableFunc(r.turns, func(a, b *turn) int { return a.index - b.index })
	for _, st := range r.steps {
		if st.starts > 0 {
			r.opts.tell(st.progress(StepStarted, 0))
		}
	}
}

// try starts a worker of every group and, together with those of the first
// turns, all additional workers. There is no room yet for the groups whose turn
// comes later, so their trial workers are stopped again.
func (r *roll) try(ctx context.Context) error {
	groups := 0
	for groups < len(r.turns) && r.turns[groups].index == 0 {
		groups++
	}
	for batch := range slices.Chunk(r.turns[min(r.atOnce, groups):groups], r.atOnce) {
		l := newLaunch()
		r.start(batch, l, false)
		err := l.await(ctx, r.watch.onTrial())
		stop(batch)
		if err != nil {
			return err
		}
	}
	first := r.turns[:r.atOnce]
	l := newLaunch()
	r.start(first, l, true)
	err := l.await(ctx, r.watch)
	if err != nil {
		stop(first)
	}
	r.tried = err == nil
	return err
}

// start starts the replacements of turns and, if added is set, all additional
// workers. Those of one group form a batch. The batch has company if workers of
// the group stay as they are and, after the trial, if some are still to be
// replaced: by then a failure no longer proves that the app is at fault.
func (r *roll) start(turns []*turn, l *launch, added bool) {
	for _, st := range r.steps {
		var indexes []int
		var mine []*turn
		for _, t := range turns {
			if t.step == st {
				indexes, mine = append(indexes, t.index), append(mine, t)
			}
		}
		if added {
			indexes = append(indexes, st.added()...)
		}
		if len(indexes) == 0 {
			continue
		}
		company := r.tried || st.change.Replaced() == 0 && st.group.pool.Ready() > 0
		b := l.add(st.group, st.target, company, indexes)
		st.group.do(func() {
			for i, t := range mine {
				t.succession = b.successions[i]
			}
			if added {
				st.batch = &batch{successions: b.successions[len(mine):]}
			}
		})
	}
}

// stop ends replacements that are not in service and waits until they are gone.
func stop(turns []*turn) {
	var ending []*member
	for _, t := range turns {
		t.step.group.do(func() {
			t.succession.batch.over = true
			ending = append(ending, t.succession.next)
			t.step.group.retire([]*member{t.succession.next}, true)
		})
		t.succession = nil
	}
	for _, m := range ending {
		<-m.over
	}
}

// advance replaces the workers of some turns and waits until the old ones are
// gone.
func (r *roll) advance(ctx context.Context, turns []*turn) error {
	if turns[0].succession == nil { // otherwise it is already up from the trial
		l := newLaunch()
		r.start(turns, l, false)
		if err := l.await(ctx, r.watch); err != nil {
			stop(turns)
			return err
		}
	}
	var ending []*member
	for i, t := range turns {
		p := t.step.progress(StepReplaced, 0)
		var old *member
		var died *StartError
		t.step.group.do(func() {
			old, died = t.step.group.advance(t.succession)
			if old != nil && old.worker != nil {
				p.Requests, p.Websockets = old.worker.InFlight()
			}
		})
		if died != nil {
			stop(turns[i:])
			return died
		}
		if old != nil {
			ending = append(ending, old)
		}
		r.done++
		p.Ready, p.Workers = t.index+1, t.step.change.Replaced()
		r.opts.tell(p)
	}
	return awaitOver(ctx, ending)
}

// doneOf returns how many workers of a group were replaced.
func (r *roll) doneOf(st *step) (n int) {
	for _, t := range r.turns[:r.done] {
		if t.step == st {
			n++
		}
	}
	return n
}

// awaitOver waits until members are gone.
func awaitOver(ctx context.Context, members []*member) error {
	for _, m := range members {
		select {
		case <-m.over:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

// advance puts the ready worker of a prepared succession into its seat and
// returns the previous worker of that seat, which has been told to end. If the
// new worker has already exited, advance changes nothing and returns an error.
func (g *group) advance(sc *succession) (old *member, died *StartError) {
	m := sc.next
	if m.state != api.StateReady {
		return nil, sc.last()
	}
	g.tighten(sc.target.spec)
	s := g.seats[m.index]
	if s.isReplaced() {
		g.dropReplacement(s.succession)
	}
	old = s.current
	g.take(sc)
	g.place(m)
	if old == nil {
		g.pool.Swap(readyOf([]*member{m}), nil)
	} else {
		g.pool.Swap(readyOf([]*member{m}), readyOf([]*member{old}))
		g.release(old, false)
	}
	m.enter()
	return old, nil
}

// tighten lowers the pool's cap to that of a spec if the latter is lower.
func (g *group) tighten(next *plan.Group) {
	if now := g.pool.Settings(); stricter(next, now) {
		spec := *now
		spec.MaxReqPerWorker = next.MaxReqPerWorker
		g.pool.Configure(&spec)
	}
}
