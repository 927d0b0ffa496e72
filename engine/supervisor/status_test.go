package supervisor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/plan"
)

func TestStatus(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.sup.opts.ConfigPath = "/srv/ldconfig.star"
		st := r.sup.Status()
		assert.Equal(t, os.Getpid(), st.PID)
		assert.Empty(t, st.Groups)

		p := aPlan(aGroup("z", kept, func(p *plan.Group) { p.MaxReqPerWorker = 7 }), aGroup("a", kept, instances(1)))
		p.Fingerprint = "f00d"
		r.mustApply(p)
		applied := time.Now()
		r.claim("a").Release()
		r.claim("a")
		r.claim("a").ToTunnel()
		r.fakes.grow(r.fakes.all[0], 5<<20)

		st = r.sup.Status()
		assert.Equal(t, "/srv/ldconfig.star", st.Config)
		assert.Equal(t, "f00d", st.Fingerprint)
		assert.Equal(t, 1, st.Generation)
		assert.Equal(t, applied, st.Applied)
		assert.Positive(t, st.RSS)
		require.Len(t, st.Groups, 2)
		z, a := st.Groups[0], st.Groups[1]
		assert.Equal(t, "z", z.Name, "in the order written")
		assert.Equal(t, 7, z.Cap)
		assert.Equal(t, 2, z.Ready)
		require.Len(t, z.Workers, 2)
		require.Len(t, a.Workers, 1)
		w := a.Workers[0]
		assert.Equal(t, api.StateReady, w.State)
		assert.Equal(t, []int{1, 1}, []int{w.Requests, w.Websockets})
		assert.EqualValues(t, 3, w.Served)
		assert.InDelta(t, 1.5, w.CPU, 0)

		data, err := json.Marshal(w)
		require.NoError(t, err)
		assert.Contains(t, string(data), `"state":"ready"`)
	})
}

func TestStatus_OfAllStates(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.mustApply(aPlan(aGroup("a", kept, instances(3), func(p *plan.Group) { p.MaxRestartsOnCrash = 2 }), aGroup("b", kept, instances(1))))
		r.claim("b")
		r.mustApply(aPlan(aGroup("a", kept, instances(3), func(p *plan.Group) { p.MaxRestartsOnCrash = 2 })))
		r.fakes.onStart(func(*fakeProcess) error { return errors.New("broken") })
		worker := func(index int) *fakeProcess {
			for _, p := range r.fakes.all {
				if p.spec.Name == "a" && p.index == index {
					return p
				}
			}
			return nil
		}
		worker(0).kill()
		pass(10 * time.Second)
		worker(2).kill()
		synctest.Wait()

		st := r.sup.Status()
		require.Len(t, st.Groups, 2)
		var states []api.WorkerState
		for _, w := range st.Groups[0].Workers {
			states = append(states, w.State)
		}
		assert.Equal(t, []api.WorkerState{api.StateFailed, api.StateReady, api.StateBackoff}, states)
		assert.Equal(t, 3, st.Groups[0].Workers[0].Restarts)
		assert.Equal(t, "broken", st.Groups[0].Workers[0].LastExit)
		assert.Empty(t, st.Groups[0].Workers[1].LastExit)
		b := st.Groups[1]
		assert.True(t, b.Removed)
		require.Len(t, b.Workers, 1)
		assert.Equal(t, api.StateDraining, b.Workers[0].State)
	})
}

func TestStatus_DoesNotWaitForAnApply(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.mustApply(aPlan(aGroup("a")))
		r.fakes.onStart(func(p *fakeProcess) error { p.readyAfter = 10 * time.Second; return nil })
		done := make(chan error, 1)
		go func() { _, err := r.apply(aPlan(aGroup("a"))); done <- err }()
		pass(time.Second)
		begun := time.Now()
		assert.Len(t, r.sup.Status().Groups[0].Workers, 4)
		assert.Zero(t, time.Since(begun))
		require.NoError(t, <-done)
	})
}

// TestStatus_Reloading: while a reload starts workers, they are marked as new
// and do not show the history of others, and the status says which groups the
// reload waits for, and why.
func TestStatus_Reloading(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.mustApply(aPlan(aGroup("a", instances(1)), aGroup("b", instances(1))))
		r.fakes.all[0].kill()
		pass(10 * time.Second)
		require.Nil(t, r.sup.Activity())

		sick := func(p *plan.Group) { p.HealthPath = "/nope"; p.HealthTimeout = time.Second }
		r.fakes.onStart(func(p *fakeProcess) error {
			if p.spec.Name == "b" {
				p.fall(func(context.Context, string) error { return errors.New("status 404; it wrote:\n    hunter2") })
			}
			return nil
		})
		var told []string
		done := make(chan error)
		begun := time.Now()
		go func() {
			_, err := r.sup.Apply(t.Context(), aPlan(aGroup("a", instances(1)), aGroup("b", instances(1), sick)), ApplyOptions{Progress: func(p Progress) {
				if p.Step == StepUnready {
					told = append(told, fmt.Sprintf("%s.%d: %s", p.Group, p.Worker, p.Reason))
				}
			}})
			done <- err
		}()
		pass(5 * time.Second)
		now := r.sup.Activity()
		require.NotNil(t, now)
		assert.Equal(t, Activity{Since: begun, Waits: []string{"b"}, Reason: "b.0: status 404"}, *now)
		a, b := r.sup.Groups()[0].Workers, r.sup.Groups()[1].Workers
		require.Len(t, a, 2)
		assert.Equal(t, []any{false, 1, true}, []any{a[0].New, a[0].Restarts, a[0].LastExit != ""})
		assert.Equal(t, []any{true, 0, ""}, []any{a[1].New, a[1].Restarts, a[1].LastExit})
		require.Len(t, b, 2)
		assert.Equal(t, []bool{false, true}, []bool{b[0].New, b[1].New})

		require.ErrorContains(t, <-done, "status 404")
		synctest.Wait()
		assert.Equal(t, []string{"b.0: status 404"}, told, "the same reason is told once")
		assert.Nil(t, r.sup.Activity())
	})
}

// TestSeat_LastExit: the reason why a worker ended is one line, without the
// worker's output.
func TestSeat_LastExit(t *testing.T) {
	failure := &StartError{Err: errors.New("no answer; it wrote:\n    hunter2")}
	var crashed, inherited seat
	crashed.crashed(0, failure)
	inherited.inherit(&succession{failed: []*StartError{failure}})
	assert.Equal(t, "no answer", crashed.lastExit)
	assert.Equal(t, "no answer", inherited.lastExit)
}
