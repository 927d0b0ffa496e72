package supervisor

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/pool"
)

// claim takes a slot of a pool, as a request does.
func (r *rig) claim(name string) *pool.Claim {
	r.t.Helper()
	c := new(pool.Claim)
	require.NoError(r.t, r.pub.pools[name].TryClaim(c, nil))
	return c
}

func TestRetire_RequestsAreNeverCut(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.mustApply(aPlan(aGroup("a", instances(1))))
		old, c := r.fakes.last(), r.claim("a")
		r.mustApply(aPlan(aGroup("a", instances(1))))
		pass(24 * time.Hour)
		assert.True(t, old.alive())
		c.Release()
		pass(0)
		assert.False(t, old.alive())
		assert.Contains(t, r.log.String(), "state=draining was=ready took=1s requests=1 websockets=0")
	})
}

func TestRetire_WebsocketsHaveAGrace(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.mustApply(aPlan(aGroup("a", instances(1))))
		old, c := r.fakes.last(), r.claim("a")
		c.ToTunnel()
		r.mustApply(aPlan(aGroup("a", instances(1))))
		swapped := time.Now()
		<-old.exited
		assert.Equal(t, plan.DefaultWebsocketGrace, time.Since(swapped))
	})
}

func TestRetire_ARequestOutlastsTheGraceOfAWebsocket(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.mustApply(aPlan(aGroup("a", instances(1))))
		old, ws, request := r.fakes.last(), r.claim("a"), r.claim("a")
		ws.ToTunnel()
		r.mustApply(aPlan(aGroup("a", instances(1))))
		pass(2 * plan.DefaultWebsocketGrace)
		assert.True(t, old.alive())
		request.Release()
		pass(0)
		assert.False(t, old.alive(), "the websocket has had its grace meanwhile")
	})
}

func TestRetire_CrashWhileDraining(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.mustApply(aPlan(aGroup("a", instances(1))))
		old := r.fakes.last()
		r.claim("a")
		r.mustApply(aPlan(aGroup("a", instances(1))))
		old.kill()
		pass(time.Minute)
		assert.Len(t, r.fakes.all, 2, "nobody restarts it")
	})
}

func TestRetire_StopTakesDrainingWorkersAlong(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.mustApply(aPlan(aGroup("a", instances(1)), aGroup("b", kept)))
		r.claim("a")
		r.mustApply(aPlan(aGroup("b", kept)))
		begun := time.Now()
		r.stop()
		require.NoError(t, <-r.ended)
		assert.Zero(t, time.Since(begun))
	})
}

func TestRetire_NewStopTimeoutHoldsForOldWorkers(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.fakes.onStart(func(p *fakeProcess) error { p.stubborn = true; return nil })
		r.mustApply(aPlan(aGroup("a", instances(1))))
		old := r.fakes.last()
		r.mustApply(aPlan(aGroup("a", instances(1), func(p *plan.Group) { p.StopTimeout = 3 * time.Second })))
		swapped := time.Now()
		<-old.exited
		assert.Equal(t, 3*time.Second, time.Since(swapped))
	})
}
