package supervisor

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/plan"
)

// TestPlanIsWhatApplyDoes: for random pairs of plans, some with a scale in
// between and some with a bounded surge, the reports of both the preview and
// the apply match what happens to the processes.
func TestPlanIsWhatApplyDoes(t *testing.T) {
	for seed := range uint64(150) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			bubble(t, func(t *testing.T, r *rig) {
				rnd := rand.New(rand.NewPCG(seed, 1))
				r.mustApply(randomPlan(rnd))
				for range 3 {
					if name := randomName(rnd); r.sup.plan.Group(name) != nil && rnd.IntN(2) == 0 {
						require.NoError(t, r.sup.Scale(t.Context(), name, 1+rnd.IntN(4)))
					}
					r.compare(randomPlan(rnd), plan.DiffOptions{
						Replace: map[string]bool{randomName(rnd): rnd.IntN(3) == 0}, ReplaceAll: rnd.IntN(8) == 0})
				}
			})
		})
	}
}

// compare applies a plan and compares what happens with the report about it.
func (r *rig) compare(next *plan.Plan, opts plan.DiffOptions) {
	r.t.Helper()
	pass(0)
	now, _ := r.sup.InEffect()
	report := plan.NewReport(api.PlanBase{}, next, plan.Diff(now, next, opts), opts)
	before := r.pids()
	peak := count(before)
	r.fakes.onStart(func(*fakeProcess) error { // all starts of a wave come before any exit
		alive := 1
		for _, p := range r.fakes.all {
			if p.alive() {
				alive++
			}
		}
		peak = max(peak, alive)
		return nil
	})
	var applied *api.Plan
	check := func(now *plan.Plan, _ int, changes *plan.Changes) error {
		applied = plan.NewReport(api.PlanBase{}, next, *changes, opts)
		return nil
	}
	_, err := r.sup.Apply(r.t.Context(), next, ApplyOptions{Diff: opts, Check: check})
	require.NoError(r.t, err)
	require.Equal(r.t, report, applied)
	pass(0)
	after := r.pids()
	for _, g := range report.Groups {
		was, is := before[g.Name], after[g.Name]
		kept := len(slices.DeleteFunc(slices.Clone(is), func(w string) bool { return !slices.Contains(was, w) }))
		got := api.PlanWorkers{Before: len(was), After: len(is), Start: len(is) - kept, Stop: len(was) - kept}
		require.Equal(r.t, g.Workers, got, "%s: %s, %s", g.Name, g.Action, g.Reason)
	}
	require.Equal(r.t, report.Processes, api.PlanProcesses{Before: count(before), After: count(after), Peak: peak})

	// Applying it once more changes nothing, except what is always replaced,
	// and what needs more than a reload still needs it.
	now, _ = r.sup.InEffect()
	again := plan.NewReport(api.PlanBase{}, next, plan.Diff(now, next, plan.DiffOptions{}), plan.DiffOptions{})
	for _, g := range again.Groups {
		require.Contains(r.t, []api.PlanAction{api.ActionKeep, api.ActionReplace}, g.Action, g.Name)
		require.Empty(r.t, g.Changes, g.Name)
	}
	require.Equal(r.t, len(report.Restart), len(again.Restart))
}

// pids returns the pids of the running workers of each group.
func (r *rig) pids() map[string][]string {
	out := make(map[string][]string)
	for _, name := range groupNames {
		if alive := r.fakes.alive(name); len(alive) > 0 {
			out[name] = alive
		}
	}
	return out
}

func count(pids map[string][]string) (n int) {
	for _, list := range pids {
		n += len(list)
	}
	return n
}

var groupNames = []string{"a", "b", "c", "d"}

func randomName(rnd *rand.Rand) string { return groupNames[rnd.IntN(len(groupNames))] }

// randomPlan returns a plan with some of the groups, each with random settings
// from a small set.
func randomPlan(rnd *rand.Rand) *plan.Plan {
	var groups []*plan.Group
	names := slices.Clone(groupNames)
	rnd.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	for _, name := range names[:1+rnd.IntN(len(names))] {
		groups = append(groups, aGroup(name, func(p *plan.Group) {
			p.Instances = 1 + rnd.IntN(4)
			p.ReloadOnSighup = rnd.IntN(3) == 0
			p.App = []string{"main:app", "other:app"}[rnd.IntN(2)]
			p.MaxReqPerWorker = rnd.IntN(3)
		}))
	}
	p := aPlan(groups...)
	if rnd.IntN(4) == 0 {
		p.ControlSocket = "/other"
	}
	switch rnd.IntN(4) {
	case 0:
		p.ReloadSurge.Workers = 1 + rnd.IntN(4)
	case 1:
		p.ReloadSurge.Percent = 1 + rnd.IntN(100)
	}
	return p
}

// TestFailedApplyIsUndone: whichever start of an apply fails, the plan in
// effect is complete afterwards, and no process of the new plan is left.
func TestFailedApplyIsUndone(t *testing.T) {
	for seed := range uint64(150) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			bubble(t, func(t *testing.T, r *rig) {
				rnd := rand.New(rand.NewPCG(seed, 2))
				r.mustApply(randomPlan(rnd))
				pass(0)
				for range 3 {
					r.failAt(1+rnd.IntN(12), randomPlan(rnd))
				}
			})
		})
	}
}

// failAt makes the nth start of an apply fail, including its repetitions; the
// starts that undo the apply succeed.
func (r *rig) failAt(nth int, next *plan.Plan) {
	r.t.Helper()
	before, was, published := r.pids(), r.placed(), r.pub.times
	inEffect, generation := r.sup.InEffect()
	n, failing, at := 0, (*plan.Group)(nil), 0
	r.fakes.onStart(func(p *fakeProcess) error {
		if n++; n == nth {
			failing, at = p.spec, p.index
		}
		if p.spec == failing && p.index == at { // repetitions fail, too
			return errors.New("no more memory")
		}
		return nil
	})
	_, err := r.sup.Apply(r.t.Context(), next, ApplyOptions{})
	pass(0)
	if err == nil { // there were fewer starts
		require.Less(r.t, n, nth)
		return
	}
	var start *StartError
	require.ErrorAs(r.t, err, &start)
	var back *RollbackError
	if !errors.As(err, &back) {
		require.Equal(r.t, before, r.pids(), "nothing had changed yet")
	} else {
		require.Empty(r.t, back.Left)
	}
	require.Equal(r.t, was, r.placed())
	require.Equal(r.t, published, r.pub.times)
	now, g := r.sup.InEffect()
	require.Same(r.t, inEffect, now)
	require.Equal(r.t, generation, g)
	for _, p := range now.Groups {
		require.Equal(r.t, p.Instances, r.pub.pools[p.Name].Ready(), p.Name)
		require.Equal(r.t, p, r.pub.pools[p.Name].Settings(), p.Name)
	}
}

// placed returns, for each group and index, the settings that its running
// process was started with.
func (r *rig) placed() map[string]plan.Group {
	out := make(map[string]plan.Group)
	r.fakes.mu.Lock()
	defer r.fakes.mu.Unlock()
	for _, p := range r.fakes.all {
		if p.alive() {
			key := fmt.Sprint(p.spec.Name, ".", p.index)
			require.NotContains(r.t, out, key, "two processes of one index")
			out[key] = *p.spec
		}
	}
	return out
}
