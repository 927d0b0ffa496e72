package supervisor

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/pool"
)

func TestApply_StartsAllGroupsTogether(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.pub.check = func(_ *plan.Plan, pools map[string]*pool.Pool) {
			assert.Equal(t, 2, pools["a"].Ready(), "published only when ready")
			assert.Equal(t, 3, pools["b"].Ready())
		}
		begun := time.Now()
		result := r.mustApply(aPlan(aGroup("a"), aGroup("b", instances(3))))
		assert.Equal(t, time.Second, time.Since(begun), "as long as one worker takes")
		assert.Equal(t, 1, result.Generation)
		assert.Equal(t, 1, r.pub.times)
		assert.Equal(t, []string{"0", "1"}, sorted(indexes(r.fakes.alive("a"))))
	})
}

func TestApply_ByAction(t *testing.T) {
	for name, c := range map[string]struct {
		first, next *plan.Plan
		want        []string // indexes of group a after the apply
		kept        int      // workers of group a that were kept
		started     int      // workers started in all groups
	}{
		"replace":     {aPlan(aGroup("a")), aPlan(aGroup("a")), []string{"0", "1"}, 0, 4},
		"keep":        {aPlan(aGroup("a", kept)), aPlan(aGroup("a", kept)), []string{"0", "1"}, 2, 2},
		"resize up":   {aPlan(aGroup("a", kept)), aPlan(aGroup("a", kept, instances(3))), []string{"0", "1", "2"}, 2, 3},
		"resize down": {aPlan(aGroup("a", kept)), aPlan(aGroup("a", kept, instances(1))), []string{"0"}, 1, 2},
		"remove":      {aPlan(aGroup("a"), aGroup("b", kept)), aPlan(aGroup("b", kept)), []string{}, 0, 4},
		"add":         {aPlan(aGroup("a", kept)), aPlan(aGroup("a", kept), aGroup("c")), []string{"0", "1"}, 2, 4},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, r *rig) {
				r.mustApply(c.first)
				before := r.fakes.alive("a")
				result := r.mustApply(c.next)
				synctest.Wait()
				after := r.fakes.alive("a")
				assert.Equal(t, c.want, append([]string{}, sorted(indexes(after))...))
				same := slices.DeleteFunc(before, func(w string) bool { return !slices.Contains(after, w) })
				assert.Len(t, same, c.kept)
				assert.Len(t, r.fakes.all, c.started)
				assert.Equal(t, 2, result.Generation)
				for _, pl := range c.next.Groups {
					assert.Equal(t, pl.Instances, r.pub.pools[pl.Name].Ready())
				}
				assert.Len(t, r.pub.pools, len(c.next.Groups))
			})
		})
	}
}

func indexes(workers []string) []string {
	out := make([]string, len(workers))
	for i, w := range workers {
		out[i] = w[:1]
	}
	return out
}

func TestApply_KeepsQueueAndPool(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.mustApply(aPlan(aGroup("a")))
		before := r.pub.pools["a"]
		r.mustApply(aPlan(aGroup("a", func(p *plan.Group) { p.MaxReqPerWorker = 5 })))
		assert.Same(t, before, r.pub.pools["a"])
		assert.Equal(t, 5, before.Settings().MaxReqPerWorker)
	})
}

func TestApply_PinnedKeepsOldSpecForLaterWorkers(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.mustApply(aPlan(aGroup("a", kept)))
		result := r.mustApply(aPlan(aGroup("a", kept, instances(3), func(p *plan.Group) { p.App = "other:app" })))
		assert.Equal(t, "main:app", r.fakes.last().spec.App)
		assert.Equal(t, "main:app", result.Plan.Group("a").App)
		require.Len(t, result.Changes.Groups[0].Pinned, 1)
		r.fakes.all[0].kill()
		synctest.Wait()
		assert.Equal(t, "main:app", r.fakes.last().spec.App)
		assert.Equal(t, 2, r.fakes.last().generation)
	})
}

func TestApply_FailureChangesNothing(t *testing.T) {
	noPython := errors.New("no python")
	for name, c := range map[string]struct {
		prepare func(*fakeProcess) error
		want    string
	}{
		"never ready": {func(p *fakeProcess) error { p.readyAfter, p.said = -1, "loading"; return nil }, `group "b": worker 0: not ready within 30s (startup_timeout): its socket never opened`},
		"exits": {func(p *fakeProcess) error { p.readyAfter = -1; time.AfterFunc(time.Second, p.kill); return nil },
			`group "b": worker 0: killed by signal 9 (SIGKILL): out of memory?`},
		"ready, then dies": {func(p *fakeProcess) error {
			time.AfterFunc(2*time.Second, p.kill)
			return nil
		}, `group "b": worker 0: exited right after it became ready`},
		"no start": {func(*fakeProcess) error { return noPython }, `group "b": worker 0: no python`},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, r *rig) {
				first := aPlan(aGroup("a"), aGroup("gone"))
				r.mustApply(first)
				before := sorted(append(r.fakes.alive("a"), r.fakes.alive("gone")...))
				r.fakes.onStart(func(p *fakeProcess) error {
					if p.spec.Name == "b" {
						return c.prepare(p)
					}
					p.readyAfter = 5 * time.Second
					return nil
				})
				_, err := r.apply(aPlan(aGroup("a"), aGroup("b", instances(1))))
				var start *StartError
				require.ErrorAs(t, err, &start)
				assert.Equal(t, c.want, start.Summary())
				assert.NotContains(t, start.Err.Error(), "loading", "the output of a worker is not public")
				assert.Equal(t, name == "never ready", strings.HasSuffix(start.Error(), "; it wrote:\n    last words\n    loading\nhint: does the app block while it is imported or started? If it only needs longer, raise startup_timeout"))
				assert.Equal(t, before, sorted(append(r.fakes.alive("a"), r.fakes.alive("gone")...)))
				assert.Empty(t, r.fakes.alive("b"))
				assert.Equal(t, 1, r.pub.times)
				assert.Same(t, first.Groups[0], r.sup.plan.Groups[0])

				r.fakes.onStart(nil) // and the next apply succeeds
				assert.Equal(t, 2, r.mustApply(aPlan(aGroup("a"), aGroup("b"))).Generation)
			})
		})
	}
}

// TestApply_Check: Check sees what the apply will change, even if another apply
// came first, and can prevent it.
func TestApply_Check(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.mustApply(aPlan(aGroup("a", kept)))
		scaled := make(chan error, 1)
		go func() { scaled <- r.sup.Scale(t.Context(), "a", 3) }()
		synctest.Wait() // its workers are starting
		refused := errors.New("refused")
		var seen plan.Changes
		next := aPlan(aGroup("a", kept))
		check := func(err error) func(*plan.Plan, int, *plan.Changes) error {
			return func(now *plan.Plan, generation int, changes *plan.Changes) error {
				assert.Equal(t, 1, generation)
				assert.Equal(t, 3, now.Group("a").Instances, "what another has changed before its turn")
				seen = *changes
				return err
			}
		}
		_, err := r.sup.Apply(t.Context(), next, ApplyOptions{Check: check(refused)})
		require.NoError(t, <-scaled)
		require.ErrorIs(t, err, refused)
		assert.Len(t, r.fakes.alive("a"), 3, "nothing is done")

		result, err := r.sup.Apply(t.Context(), next, ApplyOptions{Check: check(nil)})
		require.NoError(t, err)
		synctest.Wait()
		report := plan.NewReport(api.PlanBase{}, next, seen, plan.DiffOptions{})
		assert.Equal(t, api.PlanWorkers{Before: 3, After: 2, Stop: 1}, report.Groups[0].Workers)
		assert.Len(t, r.fakes.alive("a"), 2, "and so it is done")
		assert.Equal(t, plan.Resize, seen.Groups[0].Action)
		assert.Same(t, &seen.Groups[0], &result.Changes.Groups[0], "the plans are compared once")
	})
}

func TestApply_GivenUpByCaller(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.mustApply(aPlan(aGroup("a")))
		r.fakes.onStart(func(p *fakeProcess) error { p.readyAfter, p.stubborn = -1, true; return nil })
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		_, err := r.sup.Apply(ctx, aPlan(aGroup("a")), ApplyOptions{})
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Len(t, r.fakes.alive("a"), 2, "the new ones are killed, though they do not listen")
	})
}

func TestApply_NeverOverlaps(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		done := make(chan int, 3)
		for range 3 {
			go func() { done <- r.mustApply(aPlan(aGroup("a"))).Generation }()
		}
		for want := 1; want <= 3; want++ {
			assert.Equal(t, want, <-done)
			synctest.Wait()
			assert.LessOrEqual(t, len(r.fakes.alive("a")), 4)
		}
	})
}

func TestApply_CrashOfAnOldWorkerMeanwhile(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.mustApply(aPlan(aGroup("a", instances(1))))
		old := r.fakes.last()
		r.fakes.onStart(func(p *fakeProcess) error { p.readyAfter = 10 * time.Second; return nil })
		done := make(chan error, 1)
		go func() { _, err := r.apply(aPlan(aGroup("a", instances(1)))); done <- err }()
		synctest.Wait()
		old.kill()
		require.NoError(t, <-done)
		synctest.Wait()
		assert.Len(t, r.fakes.all, 3, "the old one was restarted, too")
		assert.Equal(t, []string{"0:1001"}, r.fakes.alive("a"), "and then retired")
	})
}

func TestApply_RetriesFailedGroupOfAKeptGroup(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		bad := aGroup("bad", kept, instances(1), func(p *plan.Group) { p.MaxRestartsOnCrash = 0 })
		r.mustApply(aPlan(bad, aGroup("good", kept)))
		for _, p := range r.fakes.all {
			if p.spec.Name == "bad" {
				p.kill()
			}
		}
		synctest.Wait()
		assert.Empty(t, r.fakes.alive("bad"))
		assert.Contains(t, r.log.String(), `msg="worker failed" group=bad worker=0 state=failed`)
		r.mustApply(aPlan(bad, aGroup("good", kept)))
		pass(2 * time.Second)
		assert.Len(t, r.fakes.alive("bad"), 1)
		assert.Equal(t, 1, r.pub.pools["bad"].Ready())
	})
}
