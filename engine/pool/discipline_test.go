package pool

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/netloop"
	"github.com/ldcorn/ldcorn/engine/plan"
)

func TestNewestFirstInAnOverload(t *testing.T) {
	l := newLineup(t, plan.Group{})
	l.add("a", Claim{})
	l.add("b", Claim{})
	l.overload()
	assert.True(t, l.pool.Stats().Overloaded)
	l.add("c", Claim{})
	assert.Equal(t, "cb", l.order(2))
	l.pool.Configure(&plan.Group{MaxReqPerWorker: 1, Queue: plan.DisciplineFIFO})
	assert.False(t, l.pool.Stats().Overloaded)
	l.add("d", Claim{})
	assert.Equal(t, "ad", l.order(2), "at once")
	for range overloadWindow {
		l.add("lost", Claim{})
		l.leave("lost", netloop.ErrTimeout)
	}
	l.pool.Configure(&plan.Group{MaxReqPerWorker: 1})
	l.add("e", Claim{})
	l.add("f", Claim{})
	assert.Equal(t, "ef", l.order(2), "what a FIFO queue loses does not count")
}

// TestOverloadBeginsAndEnds: a few losses are no overload. An overload ends once
// hardly anything is lost, or slots are free.
func TestOverloadBeginsAndEnds(t *testing.T) {
	l := newLineup(t, plan.Group{})
	request := func(lost bool) {
		l.add("x", Claim{})
		if lost {
			l.leave("x", netloop.ErrTimeout)
		} else {
			require.Equal(t, "x", l.next())
		}
	}
	for i := range 10 * overloadWindow {
		request(i%6 == 0)
		require.False(t, l.pool.newestFirst(), "one in six is lost")
	}
	for i := range 2 * overloadWindow {
		request(i%3 == 0)
	}
	require.True(t, l.pool.newestFirst(), "one in three")
	for i := range 10 * overloadWindow {
		request(i%20 == 0)
		require.True(t, l.pool.newestFirst(), "one in twenty: not over yet")
	}
	for range 2 * overloadWindow {
		request(false)
	}
	require.False(t, l.pool.newestFirst(), "over")

	l.overload()
	l.next() // ends the request that runs
	for range overloadWindow {
		var c Claim
		require.NoError(t, l.pool.TryClaim(&c, nil))
		c.Release()
	}
	assert.False(t, l.pool.Stats().Overloaded, "slots are free")
}

// TestLossWithFreeSlots: a loss now and then, in a pool that has free slots now
// and then, is no overload.
func TestLossWithFreeSlots(t *testing.T) {
	l := newLineup(t, plan.Group{})
	for range 5 * overloadWindow {
		require.Equal(t, "", l.next())
		l.running = new(Claim)
		require.NoError(t, l.pool.TryClaim(l.running, nil))
		l.add("a", Claim{})
		l.leave("a", netloop.ErrGone)
	}
	assert.False(t, l.pool.newestFirst())
}

func TestOverloadIsForgotten(t *testing.T) {
	l := newLineup(t, plan.Group{})
	l.overload()
	l.now = l.now.Add(idleTime + 1)
	assert.False(t, l.pool.Stats().Overloaded)
}

// TestNoOverload: requests that are lost because of a hold, of a reload or of
// missing workers prove no overload.
func TestNoOverload(t *testing.T) {
	lose := func(l *lineup, n int) {
		for range n {
			l.leave("x", netloop.ErrGone)
		}
	}
	fill := func() *lineup {
		l := newLineup(t, plan.Group{QueueTimeout: time.Hour})
		for range 3 * overloadWindow {
			l.add("x", Claim{})
		}
		return l
	}
	for name, happens := range map[string]func(*lineup){
		"hold":        func(l *lineup) { l.pool.Hold() },
		"resume":      func(l *lineup) { l.pool.Hold(); l.pool.Resume() },
		"no worker":   func(l *lineup) { l.pool.Swap(nil, slices.Clone(l.pool.workers)) },
		"a worker":    func(l *lineup) { l.pool.Swap(nil, slices.Clone(l.pool.workers)); addWorkers(l.pool, 1) },
		"replacement": func(l *lineup) { l.pool.Swap([]*Worker{NewWorker(0, 9, "")}, slices.Clone(l.pool.workers)) },
		"timeout":     func(l *lineup) { l.pool.Configure(&plan.Group{MaxReqPerWorker: 1, QueueTimeout: time.Second}) },
	} {
		l := fill()
		happens(l)
		lose(l, 2*overloadWindow)
		assert.False(t, l.pool.newestFirst(), name)
	}
	l := fill()
	l.pool.Swap([]*Worker{NewWorker(1, 9, "")}, nil)
	l.pool.Swap(nil, slices.Clone(l.pool.workers[1:]))
	lose(l, 2*overloadWindow)
	assert.True(t, l.pool.newestFirst(), "another worker stayed")
}

// TestNobodyStarves: in an overload, one slot in 32 goes to the oldest request
// once that has waited for long.
func TestNobodyStarves(t *testing.T) {
	l := newLineup(t, plan.Group{})
	l.add("old", Claim{})
	l.overload()
	lost := func() { // keeps the overload up
		l.add("lost", Claim{})
		l.leave("lost", netloop.ErrGone)
	}
	for i := range 100 {
		l.add("new", Claim{})
		require.Equal(t, "new", l.next(), "%d", i)
		lost()
	}
	l.now = l.now.Add(maxAge + 1)
	for i := range ageTurns - 1 {
		l.add("new", Claim{})
		require.Equal(t, "new", l.next(), "%d", i)
		lost()
	}
	l.add("new", Claim{})
	assert.Equal(t, "old", l.next())
}

func TestLongestWait(t *testing.T) {
	l := newLineup(t, plan.Group{Fair: byIP})
	assert.Zero(t, l.pool.Stats().Longest)
	for i := range uint64(3) {
		l.add(fmt.Sprint(i), Claim{Fair: i, Seat: int(i % 2)})
		l.now = l.now.Add(time.Second)
	}
	assert.Equal(t, 3*time.Second, l.pool.Stats().Longest)
	l.leave("0", netloop.ErrGone)
	assert.Equal(t, 2*time.Second, l.pool.Stats().Longest)
}

// TestEvictedRequestIsTold: the wait of an evicted request ends.
func TestEvictedRequestIsTold(t *testing.T) {
	p := New(&plan.Group{MaxReqPerWorker: 1, QueueLimit: 1})
	addWorkers(p, 1)
	var first Claim
	require.NoError(t, p.TryClaim(&first, nil))
	a := enqueue(t, p)
	high := prioritized(1)
	require.ErrorIs(t, p.TryClaim(&high, nil), ErrBusy, "it evicts nobody yet")
	go func() { _ = p.Claim(newTask(), &high, nil, 0) }()
	require.ErrorIs(t, <-a.err, ErrEvicted)
	assert.Nil(t, a.claim.Worker())
	first.Release()
}
