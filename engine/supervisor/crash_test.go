package supervisor

import (
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func sorted(s []string) []string { return slices.Sorted(slices.Values(s)) }

func TestRestartDelay(t *testing.T) {
	var got []time.Duration
	for crashes := 1; crashes <= 8; crashes++ {
		got = append(got, restartDelay(2*time.Second, crashes)/time.Second)
	}
	assert.Equal(t, []time.Duration{0, 2, 4, 8, 16, 32, 60, 60}, got)
	assert.Equal(t, 90*time.Second, restartDelay(90*time.Second, 30), "a base over the limit is the limit")
	assert.Zero(t, restartDelay(0, hotCrashes))
	assert.Equal(t, leastBackoff, restartDelay(0, hotCrashes+1), "a worker that never starts does not keep a processor busy")
	for range 100 {
		d := addJitter(8 * time.Second)
		assert.GreaterOrEqual(t, d, 8*time.Second)
		assert.Less(t, d, 10*time.Second)
	}
	assert.Zero(t, addJitter(0))
}

func TestCrash_BackoffThenFailed(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.mustApply(aPlan(aGroup("a", instances(1)), aGroup("b", instances(1))))
		var starts []time.Duration
		begun := time.Now()
		r.fakes.onStart(func(p *fakeProcess) error {
			starts = append(starts, time.Since(begun))
			return errors.New("broken")
		})
		for _, p := range r.fakes.all {
			if p.spec.Name == "a" {
				p.kill()
			}
		}
		pass(time.Hour)
		synctest.Wait()
		assert.Equal(t, []time.Duration{0, 2 * time.Second, 6 * time.Second}, starts, "at once, 2 s later, 4 s later, never again")
		assert.Contains(t, r.log.String(), `level=ERROR msg="worker failed" group=a worker=0 state=failed crashes=4 err=broken hint="ldcorn restart a or a reload tries again"`)
		assert.Len(t, r.fakes.alive("b"), 1, "the other group goes on")
		assert.Zero(t, r.pub.pools["a"].Ready())
	})
}

func TestCrash_CountForgottenAfterHealthyLife(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.mustApply(aPlan(aGroup("a", instances(1))))
		for range 10 { // more often than max_restarts_on_crash
			pass(healthyLife)
			r.fakes.last().kill()
			pass(2 * time.Second)
			require.True(t, r.fakes.last().alive(), "restarted at once each time")
		}
	})
}

func TestCrash_TakenOutAtOnce(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.mustApply(aPlan(aGroup("a")))
		r.fakes.all[0].kill()
		synctest.Wait()
		assert.Equal(t, 1, r.pub.pools["a"].Ready())
		pass(time.Second)
		synctest.Wait()
		assert.Equal(t, 2, r.pub.pools["a"].Ready())
		assert.Equal(t, []string{"0", "1"}, sorted(indexes(r.fakes.alive("a"))), "with its index")
	})
}

func TestCrash_AllGroupsFailedEndsRun(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.mustApply(aPlan(aGroup("a", instances(1)), aGroup("b", instances(1))))
		r.fakes.onStart(func(*fakeProcess) error { return errors.New("broken") })
		for _, p := range r.fakes.all {
			p.kill()
		}
		require.ErrorIs(t, <-r.ended, ErrAllFailed)
		_, err := r.apply(aPlan())
		require.ErrorIs(t, err, ErrStopped)
	})
}
