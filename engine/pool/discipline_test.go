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
	l.overload(0)
	assert.True(t, l.pool.Stats().Overloaded)
	l.add("c", Claim{})
	assert.Equal(t, "cb", l.order(2))
	l.pool.Configure(&plan.Group{MaxReqPerWorker: 1, Queue: plan.DisciplineFIFO})
	assert.False(t, l.pool.Stats().Overloaded)
	l.add("d", Claim{})
	assert.Equal(t, "ad", l.order(2), "at once")
	for range overloadWindow {
		l.slot(2, time.Second)
	}
	l.pool.Configure(&plan.Group{MaxReqPerWorker: 1})
	l.add("e", Claim{})
	l.add("f", Claim{})
	assert.Equal(t, "ef", l.order(2), "what a FIFO queue loses does not count")
}

// slot has a request wait for a second until it gets the slot, and others that
// are lost after a time.
func (l *lineup) slot(lost int, after time.Duration) {
	l.t.Helper()
	l.add("x", Claim{})
	for range lost {
		l.add("lost", Claim{})
	}
	l.now += netloop.Time(after)
	for range lost {
		l.leave("lost", netloop.ErrTimeout)
	}
	l.now += netloop.Time(time.Second - after)
	require.Equal(l.t, "x", l.next())
}

// TestOverloadBeginsAndEnds: a few losses are no overload. An overload ends once
// most requests stay until it is their turn, or slots are free.
func TestOverloadBeginsAndEnds(t *testing.T) {
	l := newLineup(t, plan.Group{})
	for i := range 10 * overloadWindow {
		if i%8 == 0 {
			l.slot(1, time.Second)
		} else {
			l.slot(0, 0)
		}
		require.False(t, l.pool.overloaded(), "one in nine is lost")
	}
	for range overloadWindow {
		l.slot(1, time.Second)
	}
	require.True(t, l.pool.overloaded(), "one in two")
	for range 10 * overloadWindow {
		l.slot(4, time.Second)
		require.True(t, l.pool.overloaded(), "four in five")
	}
	for range 3 * overloadOverWindow / 2 {
		l.slot(0, 0)
	}
	require.False(t, l.pool.overloaded(), "over")

	l.overload(0)
	l.next() // ends the request that runs
	for range overloadWindow {
		var c Claim
		require.NoError(t, l.pool.TryClaim(&c, nil))
		c.Release()
	}
	assert.False(t, l.pool.Stats().Overloaded, "slots are free")
}

// TestShortWaitsProveNoOverload: clients that leave at once, however many, do
// not change the order for those that wait.
func TestShortWaitsProveNoOverload(t *testing.T) {
	l := newLineup(t, plan.Group{})
	for range 5 * overloadWindow {
		l.slot(20, 10*time.Millisecond)
		require.False(t, l.pool.overloaded())
	}
}

// TestOneMomentProvesNoOverload: neither does the loss of many requests at one
// moment, however long they have waited.
func TestOneMomentProvesNoOverload(t *testing.T) {
	l := newLineup(t, plan.Group{})
	for range overloadWindow {
		l.slot(0, 0)
	}
	l.slot(1000, time.Second)
	for range 5 * overloadWindow {
		require.False(t, l.pool.overloaded())
		l.slot(0, 0)
	}
}

// TestOverloadOfAKey: what one key loses does not concern another, and neither
// does what one priority loses.
func TestOverloadOfAKey(t *testing.T) {
	high := prioritized(1)
	for name, other := range map[string]Claim{"key": {Fair: 2}, "priority": high} {
		l := newLineup(t, plan.Group{Fair: byIP})
		lose := func(c Claim) {
			l.add("x", c)
			l.add("lost", c)
			l.now = l.now.Add(time.Second)
			l.leave("lost", netloop.ErrGone)
			l.next()
		}
		for range overloadWindow {
			lose(Claim{Fair: 1})
		}
		require.True(t, l.pool.Stats().Overloaded, name)
		for range 2 {
			l.add("a", other)
			l.add("b", other)
			assert.Equal(t, "ab", l.order(2), name)
			l.add("c", Claim{Fair: 1})
			l.add("d", Claim{Fair: 1})
			assert.Equal(t, "dc", l.order(2), name)
		}
	}
}

// TestLossWithFreeSlots: a loss now and then, in a pool that has free slots now
// and then, is no overload.
func TestLossWithFreeSlots(t *testing.T) {
	l := newLineup(t, plan.Group{})
	for range 5 * overloadWindow {
		require.Equal(t, "", l.next())
		l.running = new(Claim)
		require.NoError(t, l.pool.TryClaim(l.running, nil))
		for range 3 {
			l.slot(1, time.Second)
		}
	}
	assert.False(t, l.pool.overloaded())
}

func TestOverloadIsForgotten(t *testing.T) {
	l := newLineup(t, plan.Group{})
	l.overload(0)
	l.now = l.now.Add(idleTime + 1)
	assert.False(t, l.pool.Stats().Overloaded)
}

// TestNoOverload: requests that are lost because of a hold, of a reload or of
// missing workers prove no overload.
func TestNoOverload(t *testing.T) {
	const n = 300
	fill := func() *lineup {
		l := newLineup(t, plan.Group{QueueTimeout: time.Hour})
		for range n {
			l.add("x", Claim{})
		}
		return l
	}
	// lose loses all that wait, and returns how much of the wait counts.
	lose := func(l *lineup) float64 {
		for l.pool.waiting > 0 {
			l.now = l.now.Add(time.Second)
			l.leave("x", netloop.ErrGone)
		}
		return l.pool.level(0).common.overload.lost
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
		assert.Zero(t, lose(l), name)
	}
	l := fill()
	l.pool.Swap([]*Worker{NewWorker(1, 9, "")}, nil)
	l.pool.Swap(nil, slices.Clone(l.pool.workers[1:]))
	assert.NotZero(t, lose(l), "another worker stayed")
}

// TestNobodyStarves: in an overload, one slot in 32 goes to the oldest request
// once that has waited for long.
func TestNobodyStarves(t *testing.T) {
	l := newLineup(t, plan.Group{})
	l.add("old", Claim{})
	l.overload(0)
	lost := func() { l.overload(0) } // keeps it up
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
