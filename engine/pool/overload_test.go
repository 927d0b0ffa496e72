package pool

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/netloop"
	"github.com/ldcorn/ldcorn/engine/plan"
)

// leavers lets n requests enter the queue and leave it at once.
func leavers(t *testing.T, p *Pool, n int) {
	t.Helper()
	for range n {
		task := newTask()
		close(task.cut)
		require.ErrorIs(t, p.Claim(task, new(Claim), nil, 0), netloop.ErrGone)
	}
}

// TestOverloads: whoever waits for overloads learns of the beginning and of the
// end, once each.
func TestOverloads(t *testing.T) {
	p, _ := testPool(1, 1)
	turned := func() bool {
		select {
		case <-p.Overloads():
			return true
		default:
			return false
		}
	}
	_, held := claims(t, p, 1)
	leavers(t, p, 10)
	assert.False(t, turned())
	leavers(t, p, 100)
	assert.True(t, turned())
	assert.True(t, p.Stats().Overloaded)
	assert.False(t, turned())

	held[0].Release()
	for range 100 {
		_, free := claims(t, p, 1)
		free[0].Release()
	}
	assert.False(t, p.Stats().Overloaded)
	assert.True(t, turned())

	_, _ = claims(t, p, 1)
	leavers(t, p, 300)
	assert.True(t, turned())
	p.Configure(&plan.Group{Name: "p", MaxReqPerWorker: 1, Queue: plan.DisciplineFIFO})
	assert.True(t, turned(), "an order that knows no overload ends it")
	assert.False(t, p.Stats().Overloaded)
}
