package supervisor

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestStop_WaitsForTheProxyThenStops(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		drained := make(chan struct{})
		r.sup.opts.Drained = drained
		r.mustApply(aPlan(aGroup("a")))
		r.stop()
		pass(3 * time.Second)
		assert.Len(t, r.fakes.alive("a"), 2)
		close(drained)
		require.NoError(t, <-r.ended)
	})
}

func TestStop_ProxyTakesTooLong(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.sup.opts.Drained = make(chan struct{})
		r.mustApply(aPlan(aGroup("a")))
		r.stop()
		begun := time.Now()
		require.NoError(t, <-r.ended)
		assert.Equal(t, 12*time.Second, time.Since(begun), "shutdown_timeout and the slack")
	})
}

func TestStop_StubbornWorkers(t *testing.T) {
	for name, c := range map[string]struct {
		hurry bool
		want  time.Duration
	}{"killed after stop_timeout": {false, 10 * time.Second}, "killed at once in a hurry": {true, 0}} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, r *rig) {
				r.fakes.onStart(func(p *fakeProcess) error { p.stubborn = true; return nil })
				r.mustApply(aPlan(aGroup("a")))
				if c.hurry {
					close(r.hurry)
				}
				begun := time.Now()
				r.stop()
				require.NoError(t, <-r.ended)
				assert.Equal(t, c.want, time.Since(begun))
			})
		})
	}
}

func TestStop_WhileStarting(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.fakes.onStart(func(p *fakeProcess) error { p.readyAfter = -1; return nil })
		done := make(chan error, 1)
		go func() { _, err := r.apply(aPlan(aGroup("a"))); done <- err }()
		synctest.Wait()
		r.stop()
		require.ErrorIs(t, <-done, ErrStopped)
		require.NoError(t, <-r.ended)
		assert.Zero(t, r.pub.times)
	})
}

func TestStop_WhileWaitingForARestart(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.mustApply(aPlan(aGroup("a", instances(1))))
		r.fakes.last().kill()
		pass(2 * time.Second)
		r.fakes.last().kill() // the next restart is in 2 s
		synctest.Wait()
		r.stop()
		begun := time.Now()
		require.NoError(t, <-r.ended)
		assert.Zero(t, time.Since(begun))
	})
}

func TestApply_BeforeRunWaits(t *testing.T) {
	sup := New(Options{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := sup.Apply(ctx, aPlan(), ApplyOptions{})
	require.ErrorIs(t, err, context.Canceled)
}
