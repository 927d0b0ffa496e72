package pool

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/netloop"
	"github.com/ldcorn/ldcorn/engine/plan"
)

// TestWants: a waiting request tells what it waits for, and one that has waited
// for too long told it at the end.
func TestWants(t *testing.T) {
	for _, c := range []struct {
		name string
		want Want
		set  func(p *Pool, g *plan.Group, c *Claim)
	}{
		{"a slot", Want{Kind: WantSlot}, func(p *Pool, g *plan.Group, _ *Claim) { g.MaxReqPerWorker = 1 }},
		{"its worker", Want{Kind: WantWorker, Worker: 1}, func(p *Pool, g *plan.Group, c *Claim) {
			g.MaxReqPerWorker, c.Seat = 2, 2
		}},
		{"the limit that is used up", Want{Kind: WantLimit, Limit: "gpu"}, func(_ *Pool, g *plan.Group, _ *Claim) {
			g.Limits = limitsOf("big", 9, "gpu", 2)
		}},
		{"a limit, for its worker", Want{Kind: WantLimit, Limit: "gpu"}, func(_ *Pool, g *plan.Group, c *Claim) {
			g.Limits, c.Seat = limitsOf("big", 9, "gpu", 2), 1
		}},
		{"a slot, whatever is left of a limit", Want{Kind: WantSlot}, func(_ *Pool, g *plan.Group, _ *Claim) {
			g.MaxReqPerWorker, g.Limits = 1, limitsOf("gpu", 2)
		}},
		{"a release", Want{Kind: WantHold}, func(p *Pool, _ *plan.Group, _ *Claim) { p.Hold() }},
		{"a worker", Want{Kind: WantReady}, func(p *Pool, _ *plan.Group, _ *Claim) { p.Swap(nil, workersOf(p)) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, _ := testPool(0, 2)
			for range 2 {
				busy := claimed(t, p)
				if c.want.Kind == WantWorker { // both at the same worker
					busy.Release()
					busy.Seat = c.want.Worker + 1
					require.NoError(t, p.TryClaim(busy, nil))
				}
			}
			g, claim := &plan.Group{Name: "p"}, new(Claim)
			c.set(p, g, claim)
			p.Configure(g)
			assert.Equal(t, Want{}, p.Wants(claim))
			w := &waiter{task: newTask(), err: make(chan error, 1)}
			w.claim.Seat = claim.Seat
			go func() { w.err <- p.Claim(w.task, &w.claim, nil, time.Hour) }()
			require.Eventually(t, func() bool { return p.Queued() == 1 }, 10*time.Second, time.Millisecond)
			assert.Equal(t, c.want, p.Wants(&w.claim))
			g.QueueTimeout = time.Millisecond
			p.Configure(g)
			require.ErrorIs(t, <-w.err, netloop.ErrTimeout)
			assert.Equal(t, c.want, w.claim.Missed())
			assert.Equal(t, Want{}, p.Wants(&w.claim))
		})
	}
}
