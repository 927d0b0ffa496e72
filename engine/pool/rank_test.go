package pool

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/plan"
)

// claims takes n slots and returns the indexes of their workers.
func claims(t *testing.T, p *Pool, n int) (out []int, taken []*Claim) {
	t.Helper()
	for range n {
		c := new(Claim)
		require.NoError(t, p.TryClaim(c, nil))
		out = append(out, c.Worker().Index)
		taken = append(taken, c)
	}
	return out, taken
}

// provenPool returns a pool whose workers have all answered.
func provenPool(p *plan.Group, workers int) (*Pool, []*Worker) {
	pool := New(p)
	ws := addWorkers(pool, workers)
	for _, w := range ws {
		w.proven.Store(true)
	}
	return pool, ws
}

func TestRoundRobin(t *testing.T) {
	p, _ := provenPool(&plan.Group{Balance: plan.BalanceRoundRobin}, 3)
	got, taken := claims(t, p, 6)
	assert.Equal(t, []int{0, 1, 2, 0, 1, 2}, got)
	taken[1].Release() // worker 1 is now the least busy, which does not matter
	taken[4].Release()
	got, _ = claims(t, p, 3)
	assert.Equal(t, []int{0, 1, 2}, got)
}

// TestRoundRobinStarvesNobody: a worker whose requests keep finishing keeps its
// turn.
func TestRoundRobinStarvesNobody(t *testing.T) {
	p, _ := provenPool(&plan.Group{Balance: plan.BalanceRoundRobin}, 2)
	_, taken := claims(t, p, 40)
	for i := 0; i < len(taken); i += 4 { // those of worker 0, which has the next turn
		taken[i].Release()
		got, _ := claims(t, p, 1)
		assert.Equal(t, []int{i / 4 % 2}, got)
	}
}

func TestRoundRobinSkipsTheBusy(t *testing.T) {
	p, _ := provenPool(&plan.Group{Balance: plan.BalanceRoundRobin, MaxReqPerWorker: 1}, 3)
	got, taken := claims(t, p, 3)
	assert.Equal(t, []int{0, 1, 2}, got)
	taken[1].Release()
	got, _ = claims(t, p, 1)
	assert.Equal(t, []int{1}, got)
}

func TestLeastBusyTiesRotate(t *testing.T) {
	p, _ := provenPool(&plan.Group{}, 3)
	for i := range 9 {
		got, taken := claims(t, p, 1)
		assert.Equal(t, []int{i % 3}, got, "one at a time they take turns")
		taken[0].Release()
	}
}

func TestBalanceChanges(t *testing.T) {
	p, _ := provenPool(&plan.Group{}, 2)
	_, taken := claims(t, p, 6)
	for i := range taken {
		if taken[i].Worker().Index == 1 {
			taken[i].Release()
		}
	}
	p.Configure(&plan.Group{Balance: plan.BalanceRoundRobin})
	got, _ := claims(t, p, 4)
	assert.ElementsMatch(t, []int{0, 0, 1, 1}, got)
	p.Configure(&plan.Group{Balance: plan.BalanceLeastBusy})
	got, _ = claims(t, p, 3)
	assert.Equal(t, []int{1, 1, 1}, got)
}

// TestFreshWorkerIsNotFlooded: while there are other workers, a new worker gets one request
// until it has answered, and more only if the others have ten times as many. Then it takes
// turns with them.
func TestFreshWorkerIsNotFlooded(t *testing.T) {
	p, _ := provenPool(&plan.Group{}, 1)
	claims(t, p, 5)
	fresh := NewWorker(7, 1, "")
	p.Swap([]*Worker{fresh}, nil)
	got, taken := claims(t, p, 5)
	assert.Equal(t, []int{7, 0, 0, 0, 0}, got)
	taken[0].Answered()
	got, _ = claims(t, p, 6)
	assert.Equal(t, []int{7, 0, 7, 0, 7, 0}, got)
}

// TestFreshWorkerIsUsedWhereItIsNeeded: no request waits for a worker to prove
// itself.
func TestFreshWorkerIsUsedWhereItIsNeeded(t *testing.T) {
	p, _ := testPool(0, 2)
	got, _ := claims(t, p, 6)
	assert.Equal(t, []int{0, 1, 0, 1, 0, 1}, got, "all are fresh")

	p, _ = provenPool(&plan.Group{MaxReqPerWorker: 2}, 1)
	claims(t, p, 2)
	p.Swap([]*Worker{NewWorker(7, 1, "")}, nil)
	got, _ = claims(t, p, 2)
	assert.Equal(t, []int{7, 7}, got, "the other is full")
	require.ErrorIs(t, p.TryClaim(new(Claim), nil), ErrBusy)
}

func TestTunnelProvesAWorker(t *testing.T) {
	p, ws := testPool(0, 1)
	var c Claim
	require.NoError(t, p.TryClaim(&c, nil))
	assert.False(t, ws[0].proven.Load())
	c.ToTunnel().Release()
	assert.True(t, ws[0].proven.Load())
	c.Answered() // does nothing without a slot
}
