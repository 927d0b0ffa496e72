package pool

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/netloop"
	"github.com/ldcorn/ldcorn/engine/plan"
)

// sharing returns pools without a cap, each with a worker and some limits.
func sharing(limits *Limits, of ...[]plan.Limit) []*Pool {
	var out []*Pool
	for _, l := range of {
		p := NewWith(&plan.Group{Limits: l, Queue: plan.DisciplineFIFO}, limits)
		addWorkers(p, 1)
		out = append(out, p)
	}
	return out
}

func limitsOf(sizes ...any) (out []plan.Limit) {
	for i := 0; i < len(sizes); i += 2 {
		out = append(out, plan.Limit{Name: sizes[i].(string), Size: sizes[i+1].(int)})
	}
	return out
}

// sized is a plan with some limits.
func sized(sizes ...any) *plan.Plan {
	return &plan.Plan{Groups: []*plan.Group{{Limits: limitsOf(sizes...)}}}
}

func claimed(t *testing.T, p *Pool) *Claim {
	t.Helper()
	c := new(Claim)
	require.NoError(t, p.TryClaim(c, nil))
	return c
}

func isBusy(t *testing.T, p *Pool) {
	t.Helper()
	require.ErrorIs(t, p.TryClaim(new(Claim), nil), ErrBusy)
}

// TestLimitOfSeveralPools: pools never have more in hand together than their
// limit, whatever holds it: a websocket, a worker that drains, a removed group.
func TestLimitOfSeveralPools(t *testing.T) {
	var limits Limits
	gpu := limitsOf("gpu", 3)
	p := sharing(&limits, gpu, gpu)
	a, b, c := claimed(t, p[0]), claimed(t, p[0]), claimed(t, p[1])
	isBusy(t, p[0])
	isBusy(t, p[1])
	assert.Equal(t, []LimitStatus{{"gpu", 3, 3, 0}}, limits.Status())

	a = a.ToTunnel()
	isBusy(t, p[1])
	p[0].Swap([]*Worker{NewWorker(0, 1, "")}, workersOf(p[0]))
	isBusy(t, p[1])
	p[0].Close()
	isBusy(t, p[1])
	again := sharing(&limits, gpu)[0] // the group comes back
	isBusy(t, again)

	a.Release()
	d := claimed(t, again)
	isBusy(t, p[1])
	for _, one := range []*Claim{b, c, d} {
		one.Release()
		one.Release()
	}
	assert.Equal(t, []LimitStatus{{"gpu", 3, 0, 0}}, limits.Status())
	limits.Configure(sized("other", 1))
	p[1].Close()
	assert.Equal(t, []LimitStatus{{"gpu", 3, 0, 0}, {"other", 1, 0, 0}}, limits.Status(), "a pool still has it")
	again.Close()
	assert.Equal(t, []LimitStatus{{"other", 1, 0, 0}}, limits.Status())
}

// TestLimitChanges: another size applies at once, and so does a limit that a
// group gets while it has requests in hand.
func TestLimitChanges(t *testing.T) {
	var limits Limits
	p := sharing(&limits, limitsOf("gpu", 1), limitsOf("gpu", 1))
	a := claimed(t, p[0])
	w, v := enqueue(t, p[0]), enqueue(t, p[1])
	assert.Equal(t, []LimitStatus{{"gpu", 1, 1, 2}}, limits.Status())
	limits.Configure(sized("gpu", 3))
	require.NoError(t, <-w.err)
	require.NoError(t, <-v.err)
	limits.Configure(sized("gpu", 2))
	isBusy(t, p[1])
	a.Release()
	isBusy(t, p[1])
	v.claim.Release()
	b := claimed(t, p[1])

	p[0].Configure(&plan.Group{})
	assert.Equal(t, []LimitStatus{{"gpu", 2, 2, 0}}, limits.Status(), "what it has in hand still counts")
	assert.True(t, p[0].HasLimit("gpu"))
	isBusy(t, p[1])
	c := claimed(t, p[0])
	d := claimed(t, p[0])
	p[0].Configure(&plan.Group{Limits: limitsOf("gpu", 2)})
	assert.Equal(t, []LimitStatus{{"gpu", 2, 4, 0}}, limits.Status(), "what it has in hand counts")
	isBusy(t, p[1])
	for _, one := range []*Claim{b, c, d} {
		isBusy(t, p[1])
		one.Release()
	}
	claimed(t, p[1]).Release()
	w.claim.Release()
	assert.Equal(t, []LimitStatus{{"gpu", 2, 0, 0}}, limits.Status())
}

// TestLimitOutlivesThePlan: a limit that no group of the plan has any more is the
// same once a group has it again, as long as a request of a removed group waits
// for it.
func TestLimitOutlivesThePlan(t *testing.T) {
	var limits Limits
	p := sharing(&limits, limitsOf("db", 1), limitsOf("db", 1, "gpu", 1))
	db := claimed(t, p[0])
	waits := enqueue(t, p[1])
	limits.Configure(sized("db", 1))
	p[1].Close()
	assert.Equal(t, []LimitStatus{{"db", 1, 1, 1}, {"gpu", 1, 0, 1}}, limits.Status())
	assert.True(t, p[1].HasLimit("gpu"))

	limits.Configure(sized("db", 1, "gpu", 1))
	b := claimed(t, sharing(&limits, limitsOf("gpu", 1))[0])
	db.Release()
	assert.Equal(t, 1, p[1].Queued(), "the gpu is not free")
	b.Release()
	require.NoError(t, <-waits.err)
	assert.True(t, p[1].HasLimit("gpu"), "its request is in hand")
	waits.claim.Release()
	assert.False(t, p[1].HasLimit("gpu"))
}

// TestRequestGivesBackWhatItHas: whatever limits its pool has by then.
func TestRequestGivesBackWhatItHas(t *testing.T) {
	var limits Limits
	gpu, db := limitsOf("gpu", 2), limitsOf("db", 1)
	limits.Configure(sized("gpu", 2, "db", 1))
	p := sharing(&limits, gpu, gpu)
	inHand := func() (n [2]int) {
		for i, st := range limits.Status() {
			n[i] = st.InHand
		}
		return n
	}
	a, ws := claimed(t, p[0]), claimed(t, p[0]).ToTunnel()
	p[0].Configure(&plan.Group{Limits: db})
	assert.Equal(t, [2]int{2, 2}, inHand(), "they count for both")
	isBusy(t, p[0])
	isBusy(t, p[1])
	p[0].Configure(&plan.Group{})
	free := claimed(t, p[0])
	a.Release()
	assert.Equal(t, [2]int{1, 1}, inHand())
	free.Release()
	assert.Equal(t, [2]int{1, 1}, inHand())
	b := claimed(t, p[1])
	isBusy(t, p[1])
	ws.Release()
	b.Release()
	assert.Zero(t, inHand())
}

// TestLimitInTurns: a pool with many requests waits no less than one with few,
// and a request that comes when a unit is free for another pool overtakes none.
func TestLimitInTurns(t *testing.T) {
	var limits Limits
	gpu := limitsOf("gpu", 1)
	p := sharing(&limits, gpu, gpu, gpu)
	running := claimed(t, p[0])
	var waiters [3][]*waiter
	for range 4 {
		waiters[0] = append(waiters[0], enqueue(t, p[0]))
	}
	for range 4 {
		for i := 1; i < 3; i++ {
			waiters[i] = append(waiters[i], enqueue(t, p[i]))
		}
	}
	for round := range 4 {
		for i := range p {
			running.Release()
			isBusy(t, p[0])
			w := waiters[i][round]
			require.NoError(t, <-w.err, "round %d, pool %d", round, i)
			running = &w.claim
		}
	}
	running.Release()
}

// TestLimitPassesOn: a pool whose request leaves, or whose worker does, holds up
// nobody.
func TestLimitPassesOn(t *testing.T) {
	var limits Limits
	gpu := limitsOf("gpu", 1)
	p := sharing(&limits, gpu, gpu, gpu, gpu)
	running := claimed(t, p[0])
	a, b, c := enqueue(t, p[1]), enqueue(t, p[2]), enqueue(t, p[3])
	close(a.task.cut)
	require.ErrorIs(t, <-a.err, netloop.ErrGone)
	p[2].Swap(nil, workersOf(p[2]))
	running.Release()
	require.NoError(t, <-c.err)
	addWorkers(p[2], 1)
	c.claim.Release()
	require.NoError(t, <-b.err)
	p[1].Hold()
	d := enqueue(t, p[1])
	b.claim.Release()
	e := claimed(t, p[0])
	p[1].Resume()
	e.Release()
	require.NoError(t, <-d.err)
	d.claim.Release()
}

// TestSeveralLimits: a request holds all or none, and a group that needs two
// limits gets both in the end, though other groups take each of them at once.
func TestSeveralLimits(t *testing.T) {
	var limits Limits
	withClock(&limits)
	p := sharing(&limits, limitsOf("a", 1, "b", 1), limitsOf("a", 1), limitsOf("b", 1))
	a, b := claimed(t, p[1]), claimed(t, p[2])
	both := queued(t, p[0])
	for range 50 {
		wa := queued(t, p[1])
		a.Release()
		if wa.Worker() != nil {
			a = wa
			continue
		}
		wb := queued(t, p[2]) // a is kept
		b.Release()
		for _, c := range []*Claim{both, wa, wb} {
			require.NotNil(t, c.Worker())
			c.Release()
		}
		return
	}
	t.Fatal("a group that needs two limits starves")
}

// queued returns a claim in the queue that no goroutine waits for. It has a worker
// once it has a slot.
func queued(t *testing.T, p *Pool) *Claim {
	t.Helper()
	c := new(Claim)
	require.ErrorIs(t, p.enterNow(&modelTask{now: new(netloop.Time)}, c, nil, nil), ErrBusy)
	return c
}

// TestLimitsStress has goroutines claim slots of pools that share limits, and now
// and then change sizes, workers and settings. It counts what is in hand.
func TestLimitsStress(t *testing.T) {
	const sizeA, sizeB, each = 3, 2, 300
	var limits Limits
	groups := [][]plan.Limit{limitsOf("a", sizeA), limitsOf("a", sizeA, "b", sizeB), limitsOf("b", sizeB), limitsOf("a", sizeA)}
	pools := sharing(&limits, groups...)
	var inHand, most [2]atomic.Int64
	uses := func(i, l int) bool { return l == 0 && i != 2 || l == 1 && (i == 1 || i == 2) }
	disturb := func(random *rand.Rand) {
		p := pools[random.IntN(len(pools))]
		switch random.IntN(4) {
		case 0:
			limits.Configure(sized("a", 1+random.IntN(sizeA), "b", 1+random.IntN(sizeB)))
		case 1:
			p.Swap([]*Worker{NewWorker(0, 1, "")}, workersOf(p))
		case 2:
			next := *p.Settings()
			next.MaxReqPerWorker = random.IntN(3)
			p.Configure(&next)
		case 3:
			limits.Status()
		}
	}
	var all sync.WaitGroup
	for g := range 24 {
		i := g % len(pools)
		all.Go(func() {
			random := rand.New(rand.NewPCG(uint64(g), 6))
			var c Claim
			for range each {
				task := newTask()
				if random.IntN(20) == 0 {
					close(task.cut)
				}
				if random.IntN(50) == 0 {
					disturb(random)
				}
				if pools[i].Claim(task, &c, nil, 0) != nil {
					continue
				}
				held := &c
				for l := range 2 {
					if uses(i, l) {
						n := inHand[l].Add(1)
						for m := most[l].Load(); n > m && !most[l].CompareAndSwap(m, n); m = most[l].Load() {
						}
					}
				}
				if random.IntN(10) == 0 {
					held = held.ToTunnel()
				}
				for range random.IntN(50) {
					_ = held.Worker()
				}
				for l := range 2 {
					if uses(i, l) {
						inHand[l].Add(-1)
					}
				}
				held.Release()
			}
		})
	}
	all.Wait()
	assert.LessOrEqual(t, most[0].Load(), int64(sizeA))
	assert.LessOrEqual(t, most[1].Load(), int64(sizeB))
	for _, st := range limits.Status() {
		assert.Zero(t, st.InHand+st.Waiting, "%+v", st)
	}
	require.Empty(t, limits.ring)
	require.Empty(t, limits.told)
}

func workersOf(p *Pool) []*Worker {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]*Worker(nil), p.workers...)
}

func TestLimitedClaimAllocatesNothing(t *testing.T) {
	var limits Limits
	p := sharing(&limits, limitsOf("a", 1, "b", 1))[0]
	var c Claim
	assert.Zero(t, testing.AllocsPerRun(1000, func() {
		if p.TryClaim(&c, nil) != nil {
			t.Fatal("got a free slot")
		}
		c.Release()
	}))
}

// BenchmarkClaimLimited measures a claim and its release in a pool with limits.
func BenchmarkClaimLimited(b *testing.B) {
	for _, n := range []int{1, 3} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			var limits Limits
			var of []plan.Limit
			for i := range n {
				of = append(of, plan.Limit{Name: fmt.Sprint(i), Size: 100})
			}
			p := sharing(&limits, of)[0]
			p.workers[0].proven.Store(true)
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				var c Claim
				for pb.Next() {
					if p.TryClaim(&c, nil) == nil {
						c.Release()
					}
				}
			})
		})
	}
}
