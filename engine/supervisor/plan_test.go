package supervisor

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/plan"
)

// TestPlanIsWhatApplyDoes: for random pairs of plans, with a scale in between,
// what the report says is what becomes of the processes.
func TestPlanIsWhatApplyDoes(t *testing.T) {
	for seed := range uint64(150) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			bubble(t, func(t *testing.T, r *rig) {
				rnd := rand.New(rand.NewPCG(seed, 1))
				r.mustApply(randomPlan(rnd))
				for range 3 {
					if name := randomName(rnd); r.sup.plan.Pool(name) != nil && rnd.IntN(2) == 0 {
						require.NoError(t, r.sup.Scale(t.Context(), name, 1+rnd.IntN(4)))
					}
					r.compare(randomPlan(rnd), plan.DiffOptions{
						Replace: map[string]bool{randomName(rnd): rnd.IntN(3) == 0}, ReplaceAll: rnd.IntN(8) == 0})
				}
			})
		})
	}
}

// compare applies a plan and compares what happens with the report on it.
func (r *rig) compare(next *plan.Plan, opts plan.DiffOptions) {
	r.t.Helper()
	pass(0)
	now, _ := r.sup.InEffect()
	report := plan.NewReport(plan.Base{}, next, plan.Diff(now, next, opts), opts)
	before := r.pids()
	peak := count(before)
	r.fakes.onStart(func(*fakeProcess) error { // all of them start before any other ends
		alive := 1
		for _, p := range r.fakes.all {
			if p.alive() {
				alive++
			}
		}
		peak = max(peak, alive)
		return nil
	})
	_, err := r.sup.Apply(r.t.Context(), next, ApplyOptions{Diff: opts})
	require.NoError(r.t, err)
	pass(0)
	after := r.pids()
	for _, g := range report.Groups {
		was, is := before[g.Name], after[g.Name]
		kept := len(slices.DeleteFunc(slices.Clone(is), func(w string) bool { return !slices.Contains(was, w) }))
		got := plan.WorkerCounts{Before: len(was), After: len(is), Start: len(is) - kept, Stop: len(was) - kept}
		require.Equal(r.t, g.Workers, got, "%s: %s, %s", g.Name, g.Action, g.Reason)
	}
	require.Equal(r.t, report.Processes, plan.Processes{Before: count(before), After: count(after), Peak: peak})

	// Applied once more it changes nothing but what is replaced anyway, and
	// what needs more than a reload needs it still.
	now, _ = r.sup.InEffect()
	again := plan.NewReport(plan.Base{}, next, plan.Diff(now, next, plan.DiffOptions{}), plan.DiffOptions{})
	for _, g := range again.Groups {
		require.Contains(r.t, []plan.Action{plan.Keep, plan.Replace}, g.Action, g.Name)
		require.Empty(r.t, g.Changes, g.Name)
	}
	require.Equal(r.t, len(report.Restart), len(again.Restart))
}

// pids are the living workers of each group.
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

// randomPlan is a plan of some of the groups, each with some of a few values.
func randomPlan(rnd *rand.Rand) *plan.Plan {
	var pools []*plan.Pool
	names := slices.Clone(groupNames)
	rnd.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	for _, name := range names[:1+rnd.IntN(len(names))] {
		pools = append(pools, aPool(name, func(p *plan.Pool) {
			p.Instances = 1 + rnd.IntN(4)
			p.ReloadOnSighup = rnd.IntN(3) == 0
			p.App = []string{"main:app", "other:app"}[rnd.IntN(2)]
			p.MaxReqPerWorker = rnd.IntN(3)
		}))
	}
	p := aPlan(pools...)
	if rnd.IntN(4) == 0 {
		p.Bind.Address = "127.0.0.1:9"
	}
	return p
}
