package pool

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/netloop"
	"github.com/ldcorn/ldcorn/engine/plan"
)

// prioritized returns a claim with a priority.
func prioritized(n int) Claim { return Claim{Priority: &n} }

func TestPriority(t *testing.T) {
	l := newLineup(t, plan.Group{Priority: 5})
	l.add("d", prioritized(-100))
	l.add("b", Claim{})
	l.add("c", prioritized(0))
	l.add("a", prioritized(6))
	l.add("B", Claim{})
	assert.Equal(t, "abBcd", l.order(5))
}

// TestPriorityAges: every tenth slot goes to a request that would otherwise wait
// for ever, to each of the priorities in turn.
func TestPriorityAges(t *testing.T) {
	l := newLineup(t, plan.Group{})
	for range 100 {
		l.add("a", prioritized(2))
	}
	for range 5 {
		l.add("b", prioritized(1))
		l.add("c", prioritized(0))
	}
	nine := strings.Repeat("a", 9)
	assert.Equal(t, nine+"b"+nine+"c"+nine+"b"+nine+"c", l.order(40))
}

// TestPriorityAgesOnEachSeat: whoever waits for a worker gets one in ten of the
// slots of that worker, whatever the others do.
func TestPriorityAgesOnEachSeat(t *testing.T) {
	p, _ := provenPool(&plan.Group{MaxReqPerWorker: 1}, 2)
	got, taken := claims(t, p, 2)
	l := &lineup{t: t, pool: p, now: 1, names: map[*Claim]string{}}
	p.clock = func() netloop.Time { return l.now }
	add := func(seat int) {
		high := prioritized(10)
		high.Seat = seat + 1
		l.add("high", high)
	}
	running := map[int]*Claim{got[0]: taken[0], got[1]: taken[1]}
	low := map[int]int{}
	for seat := range 2 {
		for range 40 {
			l.add("low", Claim{Seat: seat + 1})
		}
		add(seat)
	}
	for i := range 400 { // the seats alternate
		seat := i % 2
		running[seat].Release()
		l.told()
		running[seat] = l.running
		if l.names[l.running] == "low" {
			low[seat]++
		} else {
			add(seat)
		}
	}
	assert.Equal(t, map[int]int{0: 20, 1: 20}, low)
}

// TestPriorityOfAnEmptyLevel: passing over nobody does not count.
func TestPriorityOfAnEmptyLevel(t *testing.T) {
	l := newLineup(t, plan.Group{})
	for range 30 {
		l.add("a", prioritized(2))
	}
	assert.Equal(t, strings.Repeat("a", 20), l.order(20))
	l.add("b", Claim{})
	assert.Equal(t, strings.Repeat("a", 9)+"b", l.order(10))
}

func TestFairTakesTurns(t *testing.T) {
	l := newLineup(t, plan.Group{Fair: byIP})
	for range 4 {
		l.add("a", Claim{Fair: 1})
	}
	l.add("b", Claim{Fair: 2})
	l.add("b", Claim{Fair: 2})
	l.add("0", Claim{})
	l.add("0", Claim{})
	assert.Equal(t, "ab0ab0aa", l.order(8))
}

// TestFairRemembersATurn: a key that comes back right after its turn is not
// ahead of those that have waited since.
func TestFairRemembersATurn(t *testing.T) {
	l := newLineup(t, plan.Group{Fair: byIP})
	l.add("a", Claim{Fair: 1})
	l.add("b", Claim{Fair: 2})
	l.add("b", Claim{Fair: 2})
	l.add("c", Claim{Fair: 3})
	assert.Equal(t, "ab", l.order(2))
	l.add("a", Claim{Fair: 1})
	l.add("d", Claim{Fair: 4})
	assert.Equal(t, "cdab", l.order(4), "a and b have had a turn, d has not")
}

// TestFairKeepsTurns: a reload, and a worker that leaves, change no turns.
func TestFairKeepsTurns(t *testing.T) {
	for name, happens := range map[string]func(*lineup){
		"reload": func(l *lineup) { l.pool.Configure(&plan.Group{MaxReqPerWorker: 1, Fair: byIP, QueueLimit: 9}) },
		"worker": func(l *lineup) {
			busy := NewWorker(1, 1, "")
			busy.doubted = true
			l.pool.Swap([]*Worker{busy}, nil)
			l.pool.Swap(nil, []*Worker{busy})
		},
	} {
		l := newLineup(t, plan.Group{Fair: byIP})
		for _, c := range []struct {
			name string
			key  uint64
		}{{"a", 1}, {"b", 2}, {"c", 3}, {"A", 1}, {"C", 3}, {"B", 2}} {
			l.add(c.name, Claim{Fair: c.key})
		}
		assert.Equal(t, "abcA", l.order(4), name)
		happens(l)
		assert.Equal(t, "BC", l.order(2), name)
	}
}

// TestFairWithinAPriority: priority comes before the key, and each priority has
// turns of its own.
func TestFairWithinAPriority(t *testing.T) {
	l := newLineup(t, plan.Group{Fair: byIP})
	low, high := 0, 1
	for range 2 {
		l.add("a", Claim{Fair: 1, Priority: &low})
		l.add("A", Claim{Fair: 1, Priority: &high})
	}
	l.add("b", Claim{Fair: 2, Priority: &low})
	l.add("B", Claim{Fair: 2, Priority: &high})
	assert.Equal(t, "ABAaba", l.order(6))
}

// TestFairKeysAreBounded: keys beyond the bound share turns, and a key that does
// not wait takes no room.
func TestFairKeysAreBounded(t *testing.T) {
	l := newLineup(t, plan.Group{Fair: byIP})
	const keys = 20 * maxTenants
	for i := range keys {
		l.add(fmt.Sprintf("%d ", i), Claim{Fair: uint64(i + 1)})
	}
	level := l.pool.levels[0]
	assert.Len(t, level.tenants, maxTenants)
	assert.Len(t, level.longest.items, maxTenants+sharedTenants)
	for i := range maxTenants + sharedTenants {
		assert.Equal(t, fmt.Sprintf("%d ", i), l.next())
	}
	for range keys - maxTenants - sharedTenants {
		require.NotEmpty(t, l.next())
	}
	assert.Zero(t, l.pool.Queued())

	for i := range keys { // one after another
		l.add("x", Claim{Fair: uint64(i + 1)})
		require.Equal(t, "x", l.next())
	}
	assert.LessOrEqual(t, len(level.tenants), maxTenants)
	l.add("x", Claim{Fair: keys + 1})
	assert.Contains(t, level.tenants, uint64(keys+1), "it has turns of its own")
	assert.LessOrEqual(t, len(l.pool.lanes), maxSpare)
	assert.LessOrEqual(t, len(l.pool.tenants), maxSpare)
}

// TestSmallTenant: of two tenants, one of which offers twenty times as much as
// the other, the small one waits for at most one turn: that of the request that
// runs.
func TestSmallTenant(t *testing.T) {
	s := newSim(&plan.Group{MaxReqPerWorker: 1, Fair: byIP}, 1)
	rng := draws()
	const small, big = 1, 2
	for tenant, load := range map[uint64]float64{small: 0.1, big: 2} {
		at := netloop.Time(1)
		for at < netloop.Time(time.Minute*10) {
			at = at.Add(1 + time.Duration(rng.ExpFloat64()*float64(simMean)/load))
			s.add(&simRequest{arrives: at, service: simMean, claim: Claim{Fair: tenant}})
		}
	}
	s.run()
	count, last := 0, netloop.Time(0)
	for _, r := range s.served {
		if r.claim.Fair != small {
			continue
		}
		count++
		ahead := max(r.arrives, last) // its own requests take turns, too
		assert.LessOrEqual(t, r.started.Sub(ahead), 2*simMean)
		if r.arrives > last {
			assert.LessOrEqual(t, r.started.Sub(r.arrives), 2*simMean)
		}
		last = r.started
	}
	assert.Greater(t, count, 1000)
}

func TestEvictionByPriority(t *testing.T) {
	l := newLineup(t, plan.Group{QueueLimit: 3})
	l.add("a", prioritized(1))
	l.add("b", Claim{})
	l.add("c", Claim{})
	require.ErrorIs(t, l.enter("d", Claim{}), ErrFull, "first come, first served")
	require.ErrorIs(t, l.enter("e", prioritized(-1)), ErrFull)
	l.add("f", prioritized(1))
	assert.Equal(t, []string{"c"}, l.evicted, "the newest")
	l.add("g", prioritized(2))
	assert.Equal(t, []string{"c", "b"}, l.evicted)
	l.add("h", prioritized(2))
	assert.Equal(t, []string{"c", "b", "f"}, l.evicted)
	s := l.pool.Stats()
	assert.EqualValues(t, 3, s.Evicted)
	assert.EqualValues(t, 2, s.Full)
	assert.Equal(t, 3, s.Queued)
	assert.Equal(t, "gha", l.order(3))
}

func TestEvictionByKey(t *testing.T) {
	l := newLineup(t, plan.Group{QueueLimit: 4, Fair: byIP})
	for i := range 4 {
		l.add(fmt.Sprint("a", i), Claim{Fair: 1})
	}
	require.ErrorIs(t, l.enter("a", Claim{Fair: 1}), ErrFull)
	l.add("b", Claim{Fair: 2})
	l.add("c", Claim{Fair: 3})
	assert.Equal(t, []string{"a3", "a2"}, l.evicted)
	require.ErrorIs(t, l.enter("b", Claim{Fair: 2}), ErrFull, "it would be among the longest")
	require.ErrorIs(t, l.pool.Admits(&Claim{Fair: 2}), ErrFull)
	require.NoError(t, l.pool.Admits(&Claim{Fair: 4}))
	l.add("d", Claim{Fair: 4})
	assert.Equal(t, "a0bcd", l.order(4))
}

func TestEvictionInAnOverload(t *testing.T) {
	l := newLineup(t, plan.Group{})
	l.pool.Configure(&plan.Group{MaxReqPerWorker: 1, QueueLimit: 3, Fair: byIP})
	l.add("a0", Claim{Fair: 1})
	l.add("a1", Claim{Fair: 1})
	l.add("b", Claim{Fair: 2})
	l.overload(1)
	require.NoError(t, l.pool.Admits(&Claim{Fair: 1}), "a newcomer of an overloaded key is admitted")
	l.add("a2", Claim{Fair: 1})
	require.ErrorIs(t, l.enter("b1", Claim{Fair: 2}), ErrFull, "its key is not overloaded")
	l.add("c", Claim{Fair: 3})
	require.ErrorIs(t, l.enter("d", Claim{Fair: 4}), ErrFull, "all keys have one")
	assert.Equal(t, []string{"a0", "a1"}, l.evicted, "the oldest of the longest")
	low := prioritized(-1)
	require.ErrorIs(t, l.enter("x", low), ErrFull, "all others are worth more")
	require.ErrorIs(t, l.pool.Admits(&low), ErrFull)
}

// TestRepeatIsNotEvicted: a repeated request keeps its place.
func TestRepeatIsNotEvicted(t *testing.T) {
	l := newLineup(t, plan.Group{QueueLimit: 1})
	l.overload(0)
	again := l.running
	other := NewWorker(1, 1, "")
	l.pool.Swap([]*Worker{other}, nil)
	first := new(Claim)
	require.NoError(t, l.pool.TryClaim(first, nil)) // takes the slot of the other
	l.add("a", Claim{})
	worker := again.Worker()
	again.Release()
	l.told()
	l.pool.mu.Lock()
	require.ErrorIs(t, l.pool.enter(&lineupTask{l: l, c: again}, again, worker), ErrBusy)
	l.pool.mu.Unlock()
	assert.Equal(t, 1, l.pool.Queued())
	require.ErrorIs(t, l.enter("b", prioritized(1)), ErrFull, "nobody to evict")
	first.Release()
	assert.Same(t, other, again.Worker())
}

// TestOrderChangesWhileRequestsWait: a new plan orders the requests that wait.
func TestOrderChangesWhileRequestsWait(t *testing.T) {
	fill := func() *lineup {
		l := newLineup(t, plan.Group{})
		low := -1
		for _, name := range []string{"a", "b", "c", "d"} {
			l.add(name, Claim{Fair: 1})
		}
		l.add("e", Claim{Fair: 2})
		l.add("f", Claim{Fair: 2, Priority: &low})
		return l
	}
	l := fill()
	assert.Equal(t, "abcdef", l.order(6))

	l = fill()
	l.pool.Configure(&plan.Group{MaxReqPerWorker: 1, Fair: byIP})
	assert.Equal(t, "aebcdf", l.order(6), "with turns")

	l = fill()
	l.pool.Configure(&plan.Group{MaxReqPerWorker: 1, Fair: byIP})
	l.pool.Configure(&plan.Group{MaxReqPerWorker: 1})
	assert.Equal(t, "abcdef", l.order(6), "without turns")

	l = fill()
	l.pool.Configure(&plan.Group{MaxReqPerWorker: 1, Priority: -2})
	assert.Equal(t, "fabcde", l.order(6), "the group's priority is that of those without one of their own")
}

// TestSeatComesFirst: requests for a worker and those for any wait for the same
// slot by priority, key and discipline.
func TestSeatComesFirst(t *testing.T) {
	l := newLineup(t, plan.Group{Fair: byIP})
	high := 1
	l.add("a", Claim{Fair: 1})
	l.add("A", Claim{Fair: 1, Seat: 1})
	l.add("b", Claim{Fair: 2, Seat: 1})
	l.add("c", Claim{Fair: 1, Seat: 1, Priority: &high})
	l.add("B", Claim{Fair: 2})
	assert.Equal(t, "cabAB", l.order(5))

	l = newLineup(t, plan.Group{})
	l.overload(0)
	l.add("a", Claim{})
	l.add("b", Claim{Seat: 1})
	l.add("c", Claim{})
	assert.Equal(t, "cba", l.order(3))
}
