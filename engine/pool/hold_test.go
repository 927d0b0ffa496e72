package pool

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/plan"
)

func TestHoldQueuesAndResumeDispatches(t *testing.T) {
	p, ws := testPool(2, 1)
	var before Claim
	require.NoError(t, p.TryClaim(&before, nil))
	assert.True(t, p.Hold())
	since := p.Stats().Held
	assert.False(t, since.IsZero())
	assert.False(t, p.Hold(), "it is already")
	assert.Equal(t, since, p.Stats().Held)
	require.ErrorIs(t, p.TryClaim(new(Claim), nil), ErrBusy)
	a, b, c := enqueue(t, p), enqueue(t, p), enqueue(t, p)
	before.Release()
	p.Configure(&plan.Group{MaxReqPerWorker: 2})
	p.Swap([]*Worker{NewWorker(0, 9, "")}, ws)
	assert.Equal(t, 3, p.Queued(), "nothing is dispatched")
	assert.Equal(t, since, p.Stats().Held)
	assert.Equal(t, since, p.Resume())
	assert.Zero(t, p.Stats().Held)
	assert.Zero(t, p.Resume(), "it is not held any more")
	require.NoError(t, <-a.err)
	require.NoError(t, <-b.err)
	assert.Equal(t, 1, p.Queued())
	a.claim.Release()
	require.NoError(t, <-c.err)
}

func TestCloseEndsHold(t *testing.T) {
	p, _ := testPool(1, 1)
	p.Hold()
	a := enqueue(t, p)
	p.Close()
	require.NoError(t, <-a.err)
	<-p.Empty()
	assert.False(t, p.Hold(), "it is gone")
	assert.Zero(t, p.Stats().Held)
}

// TestQuiet: the channel is closed when the last request ends, even on a
// retired worker. A websocket does not count as a request.
func TestQuiet(t *testing.T) {
	p, ws := testPool(2, 1)
	<-p.Quiet()
	var first, second Claim
	require.NoError(t, p.TryClaim(&first, nil))
	require.NoError(t, p.TryClaim(&second, nil))
	quiet := p.Quiet()
	assert.Equal(t, quiet, p.Quiet())
	closed := func() bool {
		select {
		case <-quiet:
			return true
		default:
			return false
		}
	}
	p.Swap(nil, ws)
	first.Release()
	assert.False(t, closed())
	tunnel := second.ToTunnel()
	assert.True(t, closed())
	tunnel.Release()

	p.Configure(&plan.Group{MaxReqPerWorker: 1})
	p.Swap([]*Worker{NewWorker(0, 9, "")}, nil)
	require.NoError(t, p.TryClaim(&first, nil))
	quiet = p.Quiet()
	waits := enqueue(t, p)
	first.Release()
	require.NoError(t, <-waits.err)
	assert.False(t, closed(), "another request has the slot")
	waits.claim.Release()
	assert.True(t, closed())
}
