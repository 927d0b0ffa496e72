package supervisor

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/pool"
)

func surging(n int, groups ...*plan.Group) *plan.Plan {
	p := aPlan(groups...)
	p.ReloadSurge.Workers = n
	return p
}

func TestRoll_ReplacesOneAtATime(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.mustApply(aPlan(aGroup("a", instances(3))))
		most := 0
		r.fakes.onStart(func(*fakeProcess) error {
			most = max(most, len(r.fakes.living()))
			return nil
		})
		var steps []string
		_, err := r.sup.Apply(t.Context(), surging(1, aGroup("a", instances(3))), ApplyOptions{Progress: func(p Progress) {
			steps = append(steps, fmt.Sprintf("%s %d/%d", p.Step, p.Ready, p.Workers))
		}})
		require.NoError(t, err)
		assert.Equal(t, 3, most, "and so four at a time")
		assert.Equal(t, []string{"started 0/3", "ready 1/3", "replaced 1/3", "ready 2/3", "replaced 2/3",
			"ready 3/3", "replaced 3/3", "swapped 3/3"}, steps)
		pass(0)
		assert.Equal(t, []string{"0:1003", "1:1004", "2:1005"}, r.fakes.alive("a"))
		assert.Equal(t, 2, r.pub.times)
	})
}

// TestRoll_WaitsForTheOld: the next replacement waits until the old worker has
// finished its requests.
func TestRoll_WaitsForTheOld(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.mustApply(aPlan(aGroup("a")))
		release := r.occupy("a", 2)
		done := make(chan error, 1)
		go func() { _, err := r.apply(surging(1, aGroup("a"))); done <- err }()
		pass(time.Hour)
		assert.Equal(t, []string{"0", "0", "1"}, sorted(indexes(r.fakes.alive("a"))))
		release()
		require.NoError(t, <-done)
		pass(0)
		assert.Equal(t, []string{"0:1002", "1:1003"}, r.fakes.alive("a"))
	})
}

// TestRoll_TriesEveryGroupFirst: a fault in a group whose turn comes late is
// found before anything is replaced.
func TestRoll_TriesEveryGroupFirst(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.mustApply(aPlan(aGroup("a"), aGroup("b"), aGroup("c")))
		before := r.fakes.living()
		r.fakes.onStart(func(p *fakeProcess) error {
			if p.spec.Name == "c" {
				return errors.New("broken")
			}
			return nil
		})
		_, err := r.apply(surging(1, aGroup("a"), aGroup("b"), aGroup("c")))
		require.EqualError(t, err, `group "c": worker 0: broken`)
		pass(0)
		assert.Equal(t, before, r.fakes.living())

		r.fakes.onStart(nil)
		r.mustApply(surging(1, aGroup("a"), aGroup("b"), aGroup("c")))
		pass(0)
		for _, name := range []string{"a", "b", "c"} {
			assert.Equal(t, []string{"0", "1"}, sorted(indexes(r.fakes.alive(name))))
			assert.Equal(t, 2, r.pub.pools[name].Ready())
		}
	})
}

// TestRoll_FailsOnceAfterItsTrial: a group that passed its trial can still lose
// a race when its turn comes.
func TestRoll_FailsOnceAfterItsTrial(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.mustApply(aPlan(aGroup("a", instances(1)), aGroup("b")))
		starts := 0
		r.fakes.onStart(func(p *fakeProcess) error {
			if p.spec.Name != "b" || p.index != 0 {
				return nil
			}
			if starts++; starts == 2 { // the first was on trial
				return errors.New("lost a race")
			}
			return nil
		})
		r.mustApply(surging(1, aGroup("a", instances(1)), aGroup("b")))
		assert.Equal(t, 3, starts)
		assert.Equal(t, 2, r.pub.pools["b"].Ready())
		assert.NotContains(t, r.log.String(), "rolling back replaced workers")
	})
}

func TestRoll_ReplacesBack(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.mustApply(aPlan(aGroup("a", instances(3), capped(5))))
		n := 0
		r.fakes.onStart(func(p *fakeProcess) error {
			if n++; n == 3 {
				p.readyAfter = -1
			}
			return nil
		})
		var restored []string
		_, err := r.sup.Apply(t.Context(), surging(1, aGroup("a", instances(3), capped(2), other), aGroup("new")), ApplyOptions{Progress: func(p Progress) {
			if p.Step == StepReplaced {
				assert.Equal(t, 2, r.pub.pools["a"].Cap(), "the lower cap is that of the new workers")
			}
			if p.Step == StepRestored {
				restored = append(restored, fmt.Sprintf("%d/%d", p.Ready, p.Workers))
			}
		}})
		require.Error(t, err)
		assert.Empty(t, restored, "the third start was on trial")

		n = -1
		_, err = r.sup.Apply(t.Context(), surging(1, aGroup("a", instances(3), capped(2), other), aGroup("new")), ApplyOptions{Progress: func(p Progress) {
			if p.Step == StepRestored {
				restored = append(restored, fmt.Sprintf("%d/%d", p.Ready, p.Workers))
			}
		}})
		var back *RollbackError
		require.ErrorAs(t, err, &back)
		assert.Equal(t, `group "a": worker 1: not ready within 30s (startup_timeout): its socket never opened`, back.Err.(*StartError).Summary())
		assert.Contains(t, back.Err.(*StartError).Hint, "raise startup_timeout")
		assert.Contains(t, err.Error(), "rolled back the workers already replaced (1)")
		assert.Equal(t, []string{"1/1"}, restored)
		pass(0)
		for _, p := range r.fakes.living() {
			assert.Equal(t, "main:app", p.spec.App)
			assert.Equal(t, "a", p.spec.Name)
			assert.Equal(t, 1, p.generation)
		}
		assert.Len(t, r.fakes.living(), 3)
		assert.Equal(t, 5, r.pub.pools["a"].Cap())
		assert.Equal(t, 3, r.pub.pools["a"].Ready())
	})
}

// TestRoll_CannotReplaceBack: a worker that cannot be rolled back keeps
// serving, so that no seat is left without a worker.
func TestRoll_CannotReplaceBack(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.mustApply(aPlan(aGroup("a", instances(3))))
		r.fakes.onStart(func(p *fakeProcess) error {
			if p.index == 1 || p.spec.App == "main:app" {
				return errors.New("gone")
			}
			return nil
		})
		_, err := r.apply(surging(1, aGroup("a", instances(3), other)))
		var back *RollbackError
		require.ErrorAs(t, err, &back)
		assert.Contains(t, err.Error(), `could not roll back 1 of 1 workers already replaced: group "a": worker 0: gone`)
		pass(0)
		assert.Equal(t, 3, r.pub.pools["a"].Ready())
		r.fakes.onStart(nil) // the code works again
		r.fakes.find(0, "other:app").kill()
		pass(time.Second)
		assert.Equal(t, "main:app", r.fakes.last().spec.App, "the next one is of the plan in effect")
	})
}

// TestRoll_CrashMeanwhile: a worker that was already replaced and crashes is
// restarted with the new plan.
func TestRoll_CrashMeanwhile(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.mustApply(aPlan(aGroup("a")))
		release := r.occupy("a", 2)
		done := make(chan error, 1)
		go func() { _, err := r.apply(surging(1, aGroup("a", other))); done <- err }()
		pass(time.Minute)
		r.fakes.find(0, "other:app").kill()
		pass(5 * time.Second)
		assert.Equal(t, "other:app", r.fakes.last().spec.App)
		assert.Equal(t, 2, r.fakes.last().generation)
		release()
		require.NoError(t, <-done)
		pass(0)
		assert.Equal(t, []string{"0:1003", "1:1004"}, r.fakes.alive("a"))
	})
}

// TestRoll_Stopped: a master that is stopping does not wait for old workers and
// undoes nothing.
func TestRoll_Stopped(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.mustApply(aPlan(aGroup("a")))
		r.occupy("a", 2)
		done := make(chan error, 1)
		go func() { _, err := r.apply(surging(1, aGroup("a"))); done <- err }()
		pass(time.Minute)
		r.stop()
		require.ErrorIs(t, <-done, ErrStopped)
		<-r.sup.ended
		assert.Len(t, r.fakes.all, 3)
	})
}

// occupy gives each of the given number of workers a request, until release is
// called.
func (r *rig) occupy(name string, workers int) (release func()) {
	r.t.Helper()
	claims := make([]pool.Claim, workers)
	for i := range claims {
		require.NoError(r.t, r.pub.pools[name].TryClaim(&claims[i], nil))
	}
	return func() {
		for i := range claims {
			claims[i].Release()
		}
	}
}

func capped(n int) func(*plan.Group) { return func(p *plan.Group) { p.MaxReqPerWorker = n } }
func other(p *plan.Group)            { p.App = "other:app" }

// living returns all running processes.
func (f *fakes) living() (out []*fakeProcess) {
	for _, p := range f.all {
		if p.alive() {
			out = append(out, p)
		}
	}
	return out
}

// find returns the running process with an index and an app.
func (f *fakes) find(index int, app string) *fakeProcess {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, p := range f.living() {
		if p.index == index && p.spec.App == app {
			return p
		}
	}
	return nil
}
