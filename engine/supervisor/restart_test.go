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

func TestRestart_OneAfterAnother(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.mustApply(aPlan(aGroup("a", kept, instances(3)), aGroup("b")))
		begun := time.Now()
		done := make(chan error, 1)
		go func() { done <- r.sup.Restart(t.Context(), "a") }()
		for len(done) == 0 {
			pass(100 * time.Millisecond)
			require.Equal(t, 3, r.pub.pools["a"].Ready())
			require.LessOrEqual(t, len(r.fakes.alive("a")), 4)
		}
		require.NoError(t, <-done)
		assert.Equal(t, 3*time.Second, time.Since(begun).Round(time.Second))
		synctest.Wait()
		assert.Equal(t, []string{"0:1005", "1:1006", "2:1007"}, r.fakes.alive("a"))
		assert.Len(t, r.fakes.alive("b"), 2)
		assert.Equal(t, 1, r.fakes.last().generation)
	})
}

func TestRestart_RevivesTheFailed(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.mustApply(aPlan(aGroup("a", kept, instances(1), func(p *plan.Group) { p.MaxRestartsOnCrash = 0 }), aGroup("b")))
		all := r.fakes.all
		all[slices.IndexFunc(all, func(p *fakeProcess) bool { return p.spec.Name == "a" })].kill()
		synctest.Wait()
		assert.True(t, r.sup.Status().Groups[0].Failed)
		require.NoError(t, r.sup.Restart(t.Context(), "a"))
		assert.Equal(t, 1, r.pub.pools["a"].Ready())
		assert.False(t, r.sup.Status().Groups[0].Failed)
	})
}

func TestRestart_StopsAtAFailure(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.mustApply(aPlan(aGroup("a", instances(3))))
		before := r.fakes.alive("a")
		r.fakes.onStart(func(*fakeProcess) error { return errors.New("broken") })
		var start *StartError
		require.ErrorAs(t, r.sup.Restart(t.Context(), "a"), &start)
		assert.Equal(t, `group "a": worker 0: broken`, start.Summary())
		assert.Equal(t, before, r.fakes.alive("a"))
		assert.Equal(t, 3, r.pub.pools["a"].Ready())
	})
}

func TestRestart_AReloadMeanwhile(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.mustApply(aPlan(aGroup("a", instances(3))))
		done := make(chan error, 1)
		go func() { done <- r.sup.Restart(t.Context(), "a") }()
		pass(500 * time.Millisecond)
		r.mustApply(aPlan(aGroup("a", instances(2))))
		require.NoError(t, <-done)
		synctest.Wait()
		assert.Len(t, r.fakes.alive("a"), 2)
		for _, w := range r.sup.Status().Groups[0].Workers {
			assert.Equal(t, 2, w.Generation, "none is restarted again")
		}
	})
}

// TestRestartWorker: one worker is replaced, once its replacement is ready, and no other.
func TestRestartWorker(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.mustApply(aPlan(aGroup("a", kept, instances(3)), aGroup("b")))
		before, others := r.fakes.alive("a"), r.fakes.alive("b")
		done := make(chan error, 1)
		go func() { done <- r.sup.RestartWorker(t.Context(), "a", 1) }()
		for len(done) == 0 {
			pass(100 * time.Millisecond)
			require.Equal(t, 3, r.pub.pools["a"].Ready())
		}
		require.NoError(t, <-done)
		synctest.Wait()
		assert.ElementsMatch(t, append(withoutSeat(before, "1"), "1:1005"), r.fakes.alive("a"))
		assert.Equal(t, others, r.fakes.alive("b"))
		assert.Equal(t, []int{0, 1, 0}, commands(r.sup.Groups()[0].Restarts))
	})
}

// withoutSeat leaves out the process with an index.
func withoutSeat(alive []string, index string) []string {
	return slices.DeleteFunc(alive, func(name string) bool { return strings.HasPrefix(name, index+":") })
}

// commands returns how often each seat was restarted by a command.
func commands(all []api.Restarts) (out []int) {
	for _, r := range all {
		out = append(out, int(r[api.RestartCommand]))
	}
	return out
}

func TestRestartWorker_RevivesTheFailed(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.mustApply(aPlan(aGroup("a", kept, instances(2), func(p *plan.Group) { p.MaxRestartsOnCrash = 0 })))
		r.fakes.all[1].kill()
		synctest.Wait()
		lost := r.fakes.all[1].index
		assert.Equal(t, 1, r.pub.pools["a"].Ready())
		require.NoError(t, r.sup.RestartWorker(t.Context(), "a", lost))
		assert.Equal(t, 2, r.pub.pools["a"].Ready())
	})
}

// TestRestartWorker_AFailure: a replacement that does not start is not repeated, and the
// worker stays.
func TestRestartWorker_AFailure(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.mustApply(aPlan(aGroup("a")))
		before := r.fakes.alive("a")
		r.fakes.onStart(func(*fakeProcess) error { return errors.New("broken") })
		var start *StartError
		require.ErrorAs(t, r.sup.RestartWorker(t.Context(), "a", 1), &start)
		assert.Equal(t, `group "a": worker 1: broken`, start.Summary())
		assert.Equal(t, before, r.fakes.alive("a"))
		assert.Equal(t, 2, r.pub.pools["a"].Ready())
	})
}

func TestRestartWorker_Unknown(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.mustApply(aPlan(aGroup("a", instances(1)), aGroup("b"), aGroup("c", instances(3))))
		for name, want := range map[string]string{
			"a": `no worker "a.3"; known workers: "a.0"`, "b": `no worker "b.3"; known workers: "b.0", "b.1"`,
			"c": `no worker "c.3"; known workers: "c.0" to "c.2"`,
		} {
			var unknown *UnknownWorkerError
			err := r.sup.RestartWorker(t.Context(), name, 3)
			require.ErrorAs(t, err, &unknown)
			require.EqualError(t, err, want)
		}
		require.ErrorContains(t, r.sup.RestartWorker(t.Context(), "a", -1), `no worker "a.-1"`)
		require.ErrorContains(t, r.sup.RestartWorker(t.Context(), "x", 0), `no group "x"`)
	})
}

func TestRestart_TwoAtATimeTakeTurns(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.mustApply(aPlan(aGroup("a")))
		done := make(chan error, 2)
		for range 2 {
			go func() { done <- r.sup.Restart(t.Context(), "a") }()
		}
		for len(done) < 2 {
			pass(100 * time.Millisecond)
			require.Equal(t, 2, r.pub.pools["a"].Ready())
			require.LessOrEqual(t, len(r.fakes.alive("a")), 3)
		}
	})
}

func TestRestart_GivenUpAndUnknown(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		var unknown *UnknownGroupError
		require.ErrorAs(t, r.sup.Restart(t.Context(), "a"), &unknown)
		require.EqualError(t, unknown, `no group "a": nothing runs yet`)
		r.mustApply(aPlan(aGroup("a"), aGroup("b")))
		require.EqualError(t, r.sup.Restart(t.Context(), "x"), `no group "x"; known groups: "a", "b"`)

		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		require.ErrorIs(t, r.sup.Restart(ctx, "a"), context.DeadlineExceeded)
		r.stop()
		<-r.sup.ended
		require.ErrorIs(t, r.sup.Restart(t.Context(), "a"), ErrStopped)
	})
}

func TestScale(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.mustApply(aPlan(aGroup("a"), aGroup("b", kept)))
		before := r.fakes.alive("a")
		require.NoError(t, r.sup.Scale(t.Context(), "a", 4))
		assert.Equal(t, 4, r.pub.pools["a"].Ready())
		assert.Subset(t, r.fakes.alive("a"), before)
		assert.Equal(t, 4, r.sup.Status().Groups[0].Instances)
		assert.Equal(t, 4, r.pub.plan.Group("a").Instances)
		assert.Len(t, r.pub.pools, 2)

		require.NoError(t, r.sup.Scale(t.Context(), "a", 1))
		synctest.Wait()
		assert.Equal(t, []string{"0"}, indexes(r.fakes.alive("a")))

		require.NoError(t, r.sup.Scale(t.Context(), "b", 3))
		result := r.mustApply(aPlan(aGroup("a"), aGroup("b", kept)))
		synctest.Wait()
		assert.Equal(t, "instances 3 -> 2", result.Changes.Groups[1].Reason, "until the next reload")
		assert.Len(t, r.fakes.alive("a"), 2)
		assert.Len(t, r.fakes.alive("b"), 2)
		assert.Equal(t, 2, result.Generation, "scaling makes no generation")
	})
}

func TestScale_FailureChangesNothing(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.mustApply(aPlan(aGroup("a")))
		before := r.fakes.alive("a")
		r.fakes.onStart(func(*fakeProcess) error { return errors.New("broken") })
		var start *StartError
		require.ErrorAs(t, r.sup.Scale(t.Context(), "a", 3), &start)
		assert.Equal(t, before, r.fakes.alive("a"))
		assert.Equal(t, 2, r.sup.Status().Groups[0].Instances)
		require.ErrorContains(t, r.sup.Scale(t.Context(), "a", 0), "got 0 workers, want 1 to 1024")
		require.ErrorContains(t, r.sup.Scale(t.Context(), "x", 1), `no group "x"`)
	})
}

// TestQuiet: Quiet returns when the last request of a group ends, even on an
// old worker.
func TestQuiet(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.mustApply(aPlan(aGroup("a", instances(1))))
		require.NoError(t, r.sup.Quiet(t.Context(), "a"))
		claim := r.claim("a")
		r.mustApply(aPlan(aGroup("a", instances(1)))) // replaces the worker
		quiet := make(chan error, 1)
		go func() { quiet <- r.sup.Quiet(t.Context(), "a") }()
		synctest.Wait()
		assert.Empty(t, quiet)
		claim.Release()
		require.NoError(t, <-quiet)

		defer r.claim("a").Release()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		require.ErrorIs(t, r.sup.Quiet(ctx, "a"), context.Canceled)
		require.ErrorContains(t, r.sup.Quiet(ctx, "x"), `no group "x"`)
	})
}

func TestHoldAndRelease(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.mustApply(aPlan(aGroup("a")))
		require.NoError(t, r.sup.Hold("a"))
		assert.True(t, r.sup.Status().Groups[0].Held)
		require.ErrorIs(t, r.pub.pools["a"].TryClaim(new(pool.Claim), nil), pool.ErrBusy)
		r.mustApply(aPlan(aGroup("a")))
		assert.True(t, r.sup.Status().Groups[0].Held, "a reload keeps it")
		require.NoError(t, r.sup.Release("a"))
		require.NoError(t, r.sup.Release("a"))
		assert.False(t, r.sup.Status().Groups[0].Held)
		r.serve("a", 1)
		require.ErrorContains(t, r.sup.Hold("x"), `no group "x"`)
		require.ErrorContains(t, r.sup.Release("x"), `no group "x"`)
	})
}
