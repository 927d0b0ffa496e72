package pool

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/plan"
)

// TestOverloads: whoever waits for overloads learns of the beginning and of the
// end, once each.
func TestOverloads(t *testing.T) {
	l := newLineup(t, plan.Group{})
	p := l.pool
	turned := func() bool {
		select {
		case <-p.Overloads():
			return true
		default:
			return false
		}
	}
	for range overloadWindow / 10 {
		l.slot(1, time.Second)
	}
	assert.False(t, turned())
	for range overloadWindow {
		l.slot(1, time.Second)
	}
	assert.True(t, turned())
	assert.True(t, p.Stats().Overloaded)
	assert.False(t, turned())

	l.next()
	for range overloadWindow {
		_, free := claims(t, p, 1)
		free[0].Release()
	}
	assert.False(t, p.Stats().Overloaded)
	assert.True(t, turned())

	l.running = new(Claim)
	require.NoError(t, p.TryClaim(l.running, nil))
	for range 5 * overloadWindow {
		l.slot(1, time.Second)
	}
	assert.True(t, turned())
	p.Configure(&plan.Group{Name: "p", MaxReqPerWorker: 1, Queue: plan.DisciplineFIFO})
	assert.True(t, turned(), "an order that knows no overload ends it")
	assert.False(t, p.Stats().Overloaded)
}
