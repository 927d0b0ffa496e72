package pool

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/netloop"
	"github.com/ldcorn/ldcorn/engine/plan"
)

// got claims a slot and returns the worker that it is on.
func got(t *testing.T, p *Pool, c *Claim, avoid *Worker) *Worker {
	t.Helper()
	require.NoError(t, p.TryClaim(c, avoid))
	w := c.Worker()
	c.Release()
	return w
}

// TestSeat: a request goes to the worker of its seat, also after a reload and
// when it is repeated, and to any worker if there is none.
func TestSeat(t *testing.T) {
	p := New(&plan.Group{Name: "p"})
	ws := addWorkers(p, 3)
	for range 4 {
		assert.Same(t, ws[1], got(t, p, &Claim{Seat: 2}, nil))
	}
	assert.Same(t, ws[1], got(t, p, &Claim{Seat: 2}, ws[1]), "no other worker knows its session")

	fresh := NewWorker(1, 9, "")
	p.Swap([]*Worker{fresh}, ws[1:2])
	assert.Same(t, fresh, got(t, p, &Claim{Seat: 2}, nil))

	p.Swap(nil, []*Worker{fresh})
	assert.NotNil(t, got(t, p, &Claim{Seat: 2}, nil))
	assert.NotNil(t, got(t, p, &Claim{Seat: 1 << 40}, nil))
}

// TestHome: a request goes to the process that it belongs to, and to any worker
// once that is retired, even if another process has its index.
func TestHome(t *testing.T) {
	p := New(&plan.Group{Name: "p", MaxReqPerWorker: 1})
	ws := addWorkers(p, 2)
	assert.Same(t, ws[1], got(t, p, &Claim{Home: ws[1]}, nil))
	assert.Same(t, ws[1], got(t, p, &Claim{Home: ws[1]}, ws[1]))

	var busy Claim
	require.NoError(t, p.TryClaim(&busy, ws[0]))
	c := Claim{Home: ws[1]}
	require.ErrorIs(t, p.TryClaim(&c, nil), ErrBusy, "it waits though the other worker is free")
	now := netloop.Time(1)
	p.mu.Lock()
	require.ErrorIs(t, p.enter(&modelTask{now: &now}, &c, nil), ErrBusy)
	p.mu.Unlock()
	p.Swap([]*Worker{NewWorker(1, 9, "")}, ws[1:])
	require.NotNil(t, c.Worker(), "the process is gone, so it waits no longer")
	assert.NotSame(t, ws[1], c.Worker())
	c.Release()
	busy.Release()

	other := New(&plan.Group{Name: "q"})
	assert.NotSame(t, addWorkers(other, 1)[0], got(t, p, &Claim{Home: other.workers[0]}, nil), "a worker of another pool")
}
