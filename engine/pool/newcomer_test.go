package pool

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/netloop"
	"github.com/ldcorn/ldcorn/engine/plan"
)

// A crowd holds the slots of a pool, as clients of requests that last do.
type crowd struct {
	t    *testing.T
	pool *Pool
	all  []*Claim
}

func (c *crowd) claim() *Claim {
	k := new(Claim)
	require.NoError(c.t, c.pool.TryClaim(k, nil))
	c.all = append(c.all, k)
	return k
}

// serve makes n requests, each of which begins when the oldest one ends. It returns how
// many each worker got.
func (c *crowd) serve(n int) map[int]int {
	got := make(map[int]int)
	for range n {
		got[c.claim().Worker().Index]++
		c.all[0].Answered()
		c.all[0].Release()
		c.all = c.all[1:]
	}
	return got
}

// busy makes n requests at a time, which last.
func (c *crowd) busy(n int) {
	for range n {
		c.claim().Answered()
	}
}

// joined returns a crowd of n at a pool of some workers, to which one with the index 9 then
// comes.
func joined(t *testing.T, p *plan.Group, workers, n int) *crowd {
	pool, _ := provenPool(p, workers)
	c := &crowd{t: t, pool: pool}
	c.busy(n)
	pool.Swap([]*Worker{NewWorker(9, 1, "")}, nil)
	return c
}

// TestNewcomer_Shares: a worker that joins busy ones gets its share of the requests, and
// not nearly all or nearly none of them.
func TestNewcomer_Shares(t *testing.T) {
	c := joined(t, &plan.Group{}, 1, 100)
	assert.Equal(t, map[int]int{0: 90, 9: 10}, c.serve(100), "before its first answer")
	got := c.serve(100)
	assert.InDelta(t, 50, got[9], 5, "%v", got)
	got = c.serve(400)
	assert.InDelta(t, 200, got[9], 20, "%v", got)

	c = joined(t, &plan.Group{}, 3, 100)
	c.serve(100)
	got = c.serve(200)
	for i := range 3 {
		assert.InDelta(t, 50, got[i], 15, "%v", got)
	}
	assert.InDelta(t, 50, got[9], 15, "%v", got)
}

// TestNewcomer_BesideWebsockets: websockets of the others do not lead all requests to a
// newcomer, but new websockets go where there are the fewest.
func TestNewcomer_BesideWebsockets(t *testing.T) {
	c := joined(t, &plan.Group{}, 2, 200)
	for _, k := range c.all {
		k.ToTunnel()
	}
	c.all = nil
	got := c.serve(300)
	assert.Equal(t, map[int]int{0: 100, 1: 100, 9: 100}, got)
	for range 50 {
		k := &Claim{Lasting: true}
		require.NoError(t, c.pool.TryClaim(k, nil))
		require.Equal(t, 9, k.Worker().Index)
		k.ToTunnel()
	}
}

// TestNewcomer_BesideAStuckOne: a worker that ends nothing has no turns for long.
func TestNewcomer_BesideAStuckOne(t *testing.T) {
	c := joined(t, &plan.Group{}, 1, 30)
	c.all = nil // they never end
	assert.Equal(t, map[int]int{0: mostUnended, 9: 100 - mostUnended}, func() map[int]int {
		got := make(map[int]int)
		for range 100 {
			k := new(Claim)
			require.NoError(t, c.pool.TryClaim(k, nil))
			k.Answered()
			if got[k.Worker().Index]++; k.Worker().Index == 9 {
				k.Release()
			}
		}
		return got
	}())
}

// TestNewcomer_Several: several that come at once take turns with each other, too.
func TestNewcomer_Several(t *testing.T) {
	pool, _ := provenPool(&plan.Group{}, 2)
	c := &crowd{t: t, pool: pool}
	c.busy(200)
	pool.Swap([]*Worker{NewWorker(8, 1, ""), NewWorker(9, 1, "")}, nil)
	for range 2 {
		c.serve(200) // all have answered
	}
	got := c.serve(400)
	for _, index := range []int{0, 1, 8, 9} {
		assert.InDelta(t, 100, got[index], 25, "%v", got)
	}
}

// TestNewcomer_Elsewhere: with a cap, in turn, and where nobody stays, there are none.
func TestNewcomer_Elsewhere(t *testing.T) {
	for _, p := range []*plan.Group{{MaxReqPerWorker: 1000}, {Balance: plan.BalanceRoundRobin}} {
		assert.Zero(t, joined(t, p, 2, 100).pool.joining.n)
	}
	pool, old := provenPool(&plan.Group{}, 2)
	pool.Swap([]*Worker{NewWorker(0, 1, ""), NewWorker(1, 1, "")}, old)
	assert.Zero(t, pool.joining.n)

	c := joined(t, &plan.Group{}, 2, 100)
	assert.Equal(t, 1, c.pool.joining.n)
	c.pool.Swap([]*Worker{NewWorker(8, 1, "")}, nil)
	assert.Equal(t, 8, c.pool.joining.first(nil).Index, "only the newest are")
	c.pool.Configure(&plan.Group{MaxReqPerWorker: 1000})
	assert.Zero(t, c.pool.joining.n)
	c.pool.Configure(&plan.Group{})
	assert.Zero(t, c.pool.joining.n)
}

// TestNewcomer_Held: requests that wait for the end of a hold are shared, too.
func TestNewcomer_Held(t *testing.T) {
	c := joined(t, &plan.Group{}, 1, 100)
	first := c.claim()
	require.Equal(t, 9, first.Worker().Index)
	first.Answered()
	c.pool.Hold()
	var waiting []*Claim
	for range 10 {
		waiting = append(waiting, &Claim{})
		require.ErrorIs(t, c.pool.enterNow(&modelTask{now: new(netloop.Time), told: func() {}}, waiting[len(waiting)-1], nil, nil), ErrBusy)
	}
	c.pool.Resume()
	got := make(map[int]int)
	for _, k := range waiting {
		got[k.Worker().Index]++
	}
	assert.Equal(t, map[int]int{0: 5, 9: 5}, got)
}
