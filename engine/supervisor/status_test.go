package supervisor

import (
	"encoding/json"
	"errors"
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
