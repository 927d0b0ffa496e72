package supervisor

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/worker"
)

// TestDeaf_WorkerIsReplaced: a worker that refuses connections but does not
// exit is replaced at once, and finishes its requests. Uvicorn is such a worker
// after somebody else's SIGTERM.
func TestDeaf_WorkerIsReplaced(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.mustApply(aPlan(aGroup("a", instances(1))))
		old, c := r.fakes.last(), r.claim("a")
		c.Worker().Expel()
		assert.Zero(t, r.pub.pools["a"].Ready())
		pass(5 * time.Second)
		assert.Equal(t, 1, r.pub.pools["a"].Ready())
		assert.Equal(t, []string{"0:1000", "0:1001"}, r.fakes.alive("a"))
		assert.Contains(t, r.log.String(), `msg="worker unhealthy" group=a worker=0`)
		assert.Contains(t, r.log.String(), "its socket refuses connections")
		assert.Equal(t, api.Restarts{api.RestartUnhealthy: 1}, r.sup.Groups()[0].Restarts[0])
		pass(time.Hour)
		assert.True(t, old.alive(), "its request goes on")
		c.Release()
		pass(0)
		assert.False(t, old.alive())
		assert.Equal(t, 2, r.fakes.started())
	})
}

// TestDeaf_EndedWorkerIsACrash: most often a socket refuses connections because
// its process has just exited.
func TestDeaf_EndedWorkerIsACrash(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.mustApply(aPlan(aGroup("a", instances(1))))
		c := r.claim("a")
		c.Worker().Expel()
		c.Release()
		pass(100 * time.Millisecond)
		r.fakes.last().end(worker.Exit{Code: 1})
		pass(time.Minute)
		assert.Equal(t, 2, r.fakes.started())
		assert.Equal(t, api.Restarts{api.RestartCrash: 1}, r.sup.Groups()[0].Restarts[0])
	})
}

// TestDeaf_RetiredWorkerIsLeftAlone: a worker on its way out does not have to
// listen.
func TestDeaf_RetiredWorkerIsLeftAlone(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.mustApply(aPlan(aGroup("a", instances(1))))
		c := r.claim("a")
		r.mustApply(aPlan(aGroup("a", instances(1))))
		c.Worker().Expel()
		pass(time.Minute)
		assert.Equal(t, 2, r.fakes.started())
		c.Release()
	})
}
