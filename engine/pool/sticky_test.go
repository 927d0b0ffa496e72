package pool

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/match"
	"github.com/ldcorn/ldcorn/engine/netloop"
	"github.com/ldcorn/ldcorn/engine/plan"
)

var sticky = match.Key{By: match.KeyCookie, Name: "sid"}

func stickyPool(cap, workers int) (*Pool, []*Worker) {
	p := New(&plan.Group{Name: "p", MaxReqPerWorker: cap, Sticky: plan.Sticky{Key: sticky}})
	return p, addWorkers(p, workers)
}

// homes returns the index that each of n keys is sent to.
func homes(t *testing.T, p *Pool, n int) []int {
	t.Helper()
	out := make([]int, n)
	for i := range out {
		c := Claim{Key: Key(fmt.Sprint("user", i))}
		require.NoError(t, p.TryClaim(&c, nil))
		out[i] = c.Worker().Index
		c.Release()
	}
	return out
}

func TestKeyIsTheSameEverywhere(t *testing.T) {
	assert.Equal(t, Key("abc"), Key([]byte("abc")))
	assert.NotEqual(t, Key("abc"), Key("abd"))
	assert.NotZero(t, Key(""))
	assert.Equal(t, uint64(0x33ebaf9927cbc5bd), Key("abc"), "as in every other process")
}

func TestStickyKeysAreSpread(t *testing.T) {
	const keys, workers = 8000, 8
	p, _ := stickyPool(0, workers)
	count := map[int]int{}
	for _, at := range homes(t, p, keys) {
		count[at]++
	}
	for i := range workers {
		assert.InDelta(t, keys/workers, count[i], keys/workers/5, "worker %d", i)
	}
}

// TestStickyMovesOnlyWhatItMust: a worker that leaves moves only its own keys,
// a worker that arrives takes only the keys that are its own, and a reload
// moves none.
func TestStickyMovesOnlyWhatItMust(t *testing.T) {
	const keys = 2000
	p, ws := stickyPool(0, 5)
	before := homes(t, p, keys)

	p.Swap(nil, ws[2:3])
	for i, at := range homes(t, p, keys) {
		if before[i] == 2 {
			assert.NotEqual(t, 2, at)
		} else {
			assert.Equal(t, before[i], at)
		}
	}
	p.Swap([]*Worker{NewWorker(2, 9, "")}, nil)
	assert.Equal(t, before, homes(t, p, keys), "it is back")

	fresh := []*Worker{NewWorker(4, 9, ""), NewWorker(1, 9, ""), NewWorker(0, 9, ""), NewWorker(3, 9, ""), NewWorker(2, 9, "")}
	p.Swap(fresh, p.workers)
	assert.Equal(t, before, homes(t, p, keys), "after a reload")

	p.Swap([]*Worker{NewWorker(5, 9, "")}, nil)
	for i, at := range homes(t, p, keys) {
		assert.True(t, at == before[i] || at == 5)
	}
}

// TestStickyReplacement: while two workers have the same index, the newer one
// wins.
func TestStickyReplacement(t *testing.T) {
	p, _ := stickyPool(0, 3)
	before := homes(t, p, 100)
	newer := []*Worker{NewWorker(0, 9, ""), NewWorker(1, 9, ""), NewWorker(2, 9, "")}
	p.Swap(newer, nil)
	assert.Equal(t, before, homes(t, p, 100))
	c := Claim{Key: 1}
	require.NoError(t, p.TryClaim(&c, nil))
	assert.Contains(t, newer, c.Worker())
}

// keyOf returns a key whose home is w.
func keyOf(p *Pool, w *Worker) uint64 {
	for key := uint64(1); ; key++ {
		if p.home(key, nil) == w {
			return key
		}
	}
}

// TestStickyWaitsForItsWorker: a request waits for its own worker even while
// another is free; it does not hold up requests without a worker of their own,
// and requests for the same worker keep their order.
func TestStickyWaitsForItsWorker(t *testing.T) {
	p, ws := stickyPool(1, 2)
	first := Claim{Key: keyOf(p, ws[0])}
	require.NoError(t, p.TryClaim(&first, nil))
	require.Same(t, ws[0], first.Worker())
	a := enqueueKey(t, p, first.Key)
	b := enqueueKey(t, p, first.Key)

	var other Claim
	require.NoError(t, p.TryClaim(&other, nil), "it does not wait behind them")
	require.Same(t, ws[1], other.Worker())
	any := enqueue(t, p)
	other.Release()
	require.NoError(t, <-any.err, "overtakes those whose worker is busy")
	require.Same(t, ws[1], any.claim.Worker())

	first.Release()
	require.NoError(t, <-a.err)
	require.Same(t, ws[0], a.claim.Worker())
	assert.Equal(t, 1, p.Queued())
	a.claim.Release()
	require.NoError(t, <-b.err)
	require.Same(t, ws[0], b.claim.Worker())
}

// TestStickyTakesItsTurn: a free slot goes to the request that came first, with
// or without a key.
func TestStickyTakesItsTurn(t *testing.T) {
	p, ws := stickyPool(1, 1)
	var first Claim
	require.NoError(t, p.TryClaim(&first, nil))
	waiting := []*waiter{enqueue(t, p), enqueueKey(t, p, keyOf(p, ws[0])), enqueue(t, p), enqueueKey(t, p, keyOf(p, ws[0]))}
	last := &first
	for i, w := range waiting {
		last.Release()
		require.NoError(t, <-w.err)
		assert.Equal(t, len(waiting)-1-i, p.Queued())
		last = &w.claim
	}
}

func TestStickyFailsOver(t *testing.T) {
	p, ws := stickyPool(1, 2)
	busy := Claim{Key: keyOf(p, ws[0])}
	require.NoError(t, p.TryClaim(&busy, nil))
	a := enqueueKey(t, p, busy.Key)
	p.Swap(nil, ws[:1]) // it crashed
	require.NoError(t, <-a.err)
	assert.Same(t, ws[1], a.claim.Worker())

	back := NewWorker(0, 9, "")
	p.Swap([]*Worker{back}, nil)
	c := Claim{Key: busy.Key}
	require.NoError(t, p.TryClaim(&c, nil))
	assert.Same(t, back, c.Worker(), "its own, once that is back")
	c.Release()
	a.claim.Release()
	require.NoError(t, p.TryClaim(&c, back))
	assert.Same(t, ws[1], c.Worker(), "another, for a request that it has failed")
}

func TestStickyChangesWhileRequestsWait(t *testing.T) {
	p, ws := stickyPool(1, 2)
	busy := Claim{Key: keyOf(p, ws[0])}
	require.NoError(t, p.TryClaim(&busy, nil))
	a := enqueueKey(t, p, busy.Key)
	p.Configure(&plan.Group{MaxReqPerWorker: 1})
	require.NoError(t, <-a.err)
	assert.Same(t, ws[1], a.claim.Worker())
}

func TestStickyWaitsWithoutWorkers(t *testing.T) {
	p, _ := stickyPool(1, 0)
	a, b := enqueueKey(t, p, 1), enqueueKey(t, p, 2)
	close(a.task.cut)
	require.ErrorIs(t, <-a.err, netloop.ErrGone)
	addWorkers(p, 1)
	require.NoError(t, <-b.err)
}

// TestChosenKey: a key that was chosen for one request counts in a pool that is
// not sticky, and the request waits for its worker; the key of another request
// does not count.
func TestChosenKey(t *testing.T) {
	p := New(&plan.Group{Name: "p", MaxReqPerWorker: 1})
	addWorkers(p, 4)
	at := map[int]bool{}
	for range 8 {
		c := Claim{Key: Key("user"), Chosen: true}
		require.NoError(t, p.TryClaim(&c, nil))
		at[c.Worker().Index] = true
		second := Claim{Key: Key("user"), Chosen: true}
		require.ErrorIs(t, p.TryClaim(&second, nil), ErrBusy)
		other := Claim{Key: Key("user")}
		require.NoError(t, p.TryClaim(&other, nil), "not chosen: any worker will do")
		other.Release()
		c.Release()
	}
	assert.Len(t, at, 1)
}
