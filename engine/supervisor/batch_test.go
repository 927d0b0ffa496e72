package supervisor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/worker"
)

// failsOnce makes the first start of new processes with some indexes exit with
// code 1 after half a second.
func (r *rig) failsOnce(indexes ...int) {
	seen := make(map[string]bool)
	r.fakes.onStart(func(p *fakeProcess) error {
		key := fmt.Sprint(p.spec.Name, p.index)
		if slices.Contains(indexes, p.index) && !seen[key] {
			p.readyAfter = -1
			time.AfterFunc(500*time.Millisecond, func() { p.end(worker.Exit{Code: 1}) })
		}
		seen[key] = true
		return nil
	})
}

// TestBatch_LostRace: workers that lose a race at the start are started again,
// no matter what starts them, and the operation succeeds once all are ready.
func TestBatch_LostRace(t *testing.T) {
	ctx := context.Background()
	for name, c := range map[string]struct {
		first   *plan.Plan
		lose    []int
		start   func(r *rig) error
		workers int
	}{
		"first start": {nil, []int{0, 1, 3, 4, 5}, func(r *rig) error {
			_, err := r.apply(aPlan(aGroup("a", instances(6))))
			return err
		}, 6},
		"replace": {aPlan(aGroup("a", instances(3))), []int{1, 2}, func(r *rig) error {
			_, err := r.apply(aPlan(aGroup("a", instances(3))))
			return err
		}, 3},
		"resize": {aPlan(aGroup("a", kept)), []int{2}, func(r *rig) error {
			_, err := r.apply(aPlan(aGroup("a", kept, instances(3))))
			return err
		}, 3},
		"surge of one": {aPlan(aGroup("a", instances(3))), []int{1, 2}, func(r *rig) error {
			_, err := r.apply(surging(1, aGroup("a", instances(3))))
			return err
		}, 3},
		"surge of two": {aPlan(aGroup("a", instances(5))), []int{0, 3, 4}, func(r *rig) error {
			_, err := r.apply(surging(2, aGroup("a", instances(5))))
			return err
		}, 5},
		"surge, more workers": {aPlan(aGroup("a", instances(2))), []int{2, 3}, func(r *rig) error {
			_, err := r.apply(surging(1, aGroup("a", instances(4))))
			return err
		}, 4},
		"scale":   {aPlan(aGroup("a")), []int{2, 3}, func(r *rig) error { return r.sup.Scale(ctx, "a", 4) }, 4},
		"restart": {aPlan(aGroup("a", instances(3))), []int{1, 2}, func(r *rig) error { return r.sup.Restart(ctx, "a") }, 3},
		"restart of failed workers": {aPlan(aGroup("a", instances(3), func(p *plan.Group) { p.MaxRestartsOnCrash = 1 }), aGroup("b")), []int{1, 2}, func(r *rig) error {
			r.fakes.onStart(func(*fakeProcess) error { return errors.New("broken") })
			for _, p := range r.fakes.living() {
				if p.spec.Name == "a" {
					p.kill()
				}
			}
			pass(time.Minute)
			require.True(r.t, r.sup.Status().Groups[0].Failed)
			r.failsOnce(1, 2)
			return r.sup.Restart(ctx, "a")
		}, 3},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, r *rig) {
				if c.first != nil {
					r.mustApply(c.first)
				}
				if name != "restart of failed workers" {
					r.failsOnce(c.lose...)
				}
				require.NoError(t, c.start(r))
				assert.Equal(t, c.workers, r.pub.pools["a"].Ready())
				synctest.Wait()
				assert.Len(t, r.fakes.alive("a"), c.workers)
				for _, w := range r.sup.Status().Groups[0].Workers {
					if slices.Contains(c.lose, w.Index) && name != "restart of failed workers" && name != "restart" {
						assert.Equal(t, 1, w.Restarts, "worker %d", w.Index)
						assert.Contains(t, w.LastExit, "exit code 1 before it was ready")
					}
				}
				for _, index := range c.lose {
					if name == "restart of failed workers" {
						break // those have failed before
					}
					assert.Equal(t, 1, r.sup.Groups()[0].Restarts[index][api.RestartStart], "worker %d", index)
				}
			})
		})
	}
}

// TestBatch_AllFail: if every worker has failed, nothing is retried, and one
// error covers them all.
func TestBatch_AllFail(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.mustApply(aPlan(aGroup("a", instances(6)), aGroup("b", kept)))
		before := r.fakes.living()
		begun, starts := time.Now(), 0
		r.fakes.onStart(func(p *fakeProcess) error {
			starts++
			p.readyAfter = -1
			time.AfterFunc(time.Duration(1+p.index)*time.Second, func() { p.end(worker.Exit{Code: 1}) })
			return nil
		})
		_, err := r.apply(aPlan(aGroup("a", instances(6)), aGroup("b", kept)))
		var failed *StartError
		require.ErrorAs(t, err, &failed)
		assert.Equal(t, `group "a": all 6 workers failed to start; the last error: exit code 1 before it was ready`, failed.Summary())
		assert.Equal(t, 6*time.Second, time.Since(begun), "as long as the slowest takes to fail")
		assert.Equal(t, before, r.fakes.living())
		assert.Equal(t, 1, r.pub.times)
	})
}

// TestBatch_OneFailsForGood: one worker that fails more often than allowed
// fails the whole batch, with its reason; none of its workers ever serves.
func TestBatch_OneFailsForGood(t *testing.T) {
	broken := func(index int) func(*fakeProcess) error {
		return func(p *fakeProcess) error {
			if p.index == index {
				return errors.New("broken")
			}
			return nil
		}
	}
	for name, c := range map[string]struct {
		start func(r *rig) error
		took  time.Duration
		want  string
	}{
		"reload": {func(r *rig) error {
			_, err := r.apply(aPlan(aGroup("a", instances(3))))
			return err
		}, 6 * time.Second, `group "a": worker 2: broken; try 4 of 4 (max_restarts_on_crash)`},
		"reload, no restarts": {func(r *rig) error {
			_, err := r.apply(aPlan(aGroup("a", instances(3), func(p *plan.Group) { p.MaxRestartsOnCrash = 0 })))
			return err
		}, 0, `group "a": worker 2: broken`},
		"reload, little time": {func(r *rig) error {
			p := aPlan(aGroup("a", instances(3)))
			p.StartupTimeout = 3 * time.Second
			_, err := r.apply(p)
			return err
		}, 2 * time.Second, `group "a": worker 2: broken; try 3, no time is left for another (startup_timeout)`},
		"restart": {func(r *rig) error { return r.sup.Restart(context.Background(), "a") },
			8 * time.Second, `group "a": worker 2: broken; try 4 of 4 (max_restarts_on_crash)`},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, r *rig) {
				r.mustApply(aPlan(aGroup("a", instances(3))))
				r.fakes.onStart(broken(2))
				begun := time.Now()
				err := c.start(r)
				var failed *StartError
				require.ErrorAs(t, err, &failed)
				assert.Equal(t, c.want, failed.Summary())
				assert.Equal(t, c.took, time.Since(begun))
				assert.Equal(t, 3, r.pub.pools["a"].Ready())
				assert.Equal(t, 1, r.pub.times)
				assert.Empty(t, r.sup.Groups()[0].Restarts[2], "the worker that serves was not touched")
				for _, e := range r.sup.opts.Events.Newest(10) {
					assert.NotEqual(t, api.EventCrashed, e.Kind)
				}
			})
		})
	}
}

// TestBatch_HangsForGood: a repeated start has only the remainder of
// startup_timeout.
func TestBatch_HangsForGood(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		tries := 0
		r.fakes.onStart(func(p *fakeProcess) error {
			if p.index == 1 {
				if tries++; tries == 1 {
					return errors.New("broken")
				}
				p.readyAfter = -1
			}
			return nil
		})
		begun := time.Now()
		_, err := r.apply(aPlan(aGroup("a")))
		assert.ErrorContains(t, err, `group "a": worker 1: not ready within 30s (startup_timeout)`)
		assert.Equal(t, 30*time.Second, time.Since(begun).Round(time.Second))
		assert.Equal(t, 2, tries)
	})
}

// TestBatch_DiesMeanwhile: a worker that became ready but died before the
// others were ready is started again, and the group ends up complete.
func TestBatch_DiesMeanwhile(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		n := 0
		r.fakes.onStart(func(p *fakeProcess) error {
			if p.index == 1 {
				p.readyAfter = 10 * time.Second
			} else if n++; n == 1 {
				time.AfterFunc(2*time.Second, p.kill)
			}
			return nil
		})
		r.mustApply(aPlan(aGroup("a")))
		assert.Equal(t, 2, r.pub.pools["a"].Ready())
		assert.Equal(t, 3, r.fakes.started())
		assert.Contains(t, r.log.String(), `msg="start failed, trying again" group=a worker=0 failures=1 restart_in=0s err="exited right after it became ready"`)
	})
}

// TestBatch_DiesBeforeCommit: a worker that dies when all are ready, but before
// they are in service, gets one successor.
func TestBatch_DiesBeforeCommit(t *testing.T) {
	for _, n := range []int{1, 2} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			bubble(t, func(t *testing.T, r *rig) {
				_, err := r.sup.Apply(t.Context(), aPlan(aGroup("a", instances(n))), ApplyOptions{Progress: func(p Progress) {
					if p.Step == StepReady && p.Ready == n {
						r.fakes.last().kill()
						synctest.Wait()
					}
				}})
				require.NoError(t, err)
				pass(time.Minute)
				assert.Len(t, r.fakes.alive("a"), n)
				assert.Equal(t, n+1, r.fakes.started())
				assert.Equal(t, n, r.pub.pools["a"].Ready())
			})
		})
	}
}

// TestBatch_StoppedInBackoff: an apply that is given up while a worker waits
// for its next start leaves nothing behind.
func TestBatch_StoppedInBackoff(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.fakes.onStart(func(p *fakeProcess) error {
			if p.index == 1 {
				return errors.New("broken")
			}
			return nil
		})
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		_, err := r.sup.Apply(ctx, aPlan(aGroup("a", func(p *plan.Group) { p.MaxRestartsOnCrash = 100 })), ApplyOptions{})
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Empty(t, r.fakes.alive("a"))
		started := r.fakes.started()
		pass(time.Hour)
		assert.Equal(t, started, r.fakes.started())
	})
}

// TestBatch_RestartMeetsReload: a reload replaces the worker that a restart is
// waiting for.
func TestBatch_RestartMeetsReload(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.mustApply(aPlan(aGroup("a")))
		r.fakes.onStart(func(p *fakeProcess) error {
			if p.index == 1 && p.generation == 1 {
				return errors.New("broken")
			}
			return nil
		})
		done := make(chan error, 1)
		go func() { done <- r.sup.Restart(t.Context(), "a") }()
		pass(1500 * time.Millisecond) // worker 1 is in backoff
		r.mustApply(aPlan(aGroup("a")))
		require.NoError(t, <-done)
		synctest.Wait()
		assert.Len(t, r.fakes.alive("a"), 2)
		assert.Equal(t, 2, r.pub.pools["a"].Ready())
	})
}

// TestBatch_SaysWhatFailed: a worker that has ended and is started again is told from
// one that is not ready yet.
func TestBatch_SaysWhatFailed(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.mustApply(aPlan(aGroup("a", instances(2))))
		failed := false
		r.fakes.onStart(func(p *fakeProcess) error {
			if p.index == 1 && !failed {
				failed = true
				p.readyAfter = -1
				time.AfterFunc(time.Second, func() { p.end(worker.Exit{Code: 3}) })
			}
			return nil
		})
		var told []Progress
		_, err := r.sup.Apply(t.Context(), aPlan(aGroup("a", instances(2))), ApplyOptions{Progress: func(p Progress) {
			if p.Step == StepUnready {
				told = append(told, p)
			}
		}})
		require.NoError(t, err)
		require.Len(t, told, 1)
		assert.True(t, told[0].Ended)
		assert.Equal(t, 1, told[0].Worker)
		assert.Equal(t, "exit code 3: startup failed", told[0].Reason)
	})
}
