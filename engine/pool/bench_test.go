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

func TestClaimAllocatesNothing(t *testing.T) {
	p, _ := stickyPool(1, 8)
	var c Claim
	assert.Zero(t, testing.AllocsPerRun(1000, func() {
		c.Key++
		if p.TryClaim(&c, nil) != nil {
			t.Fatal("got a free slot")
		}
		c.Answered()
		c.Release()
	}))
}

// TestQueueAllocatesNothing: neither does a place in the queue, once the keys and
// the priorities are known.
func TestQueueAllocatesNothing(t *testing.T) {
	p := New(&plan.Group{MaxReqPerWorker: 1, Fair: byIP})
	addWorkers(p, 1)
	now := netloop.Time(1)
	task := &modelTask{now: &now}
	running := new(Claim)
	require.NoError(t, p.TryClaim(running, nil))
	claims, priorities := make([]Claim, 100), []int{0, 1, 2}
	enter := func(i int) {
		c := &claims[i%len(claims)]
		*c = Claim{Fair: uint64(i%7 + 1), Priority: &priorities[i%3]}
		require.ErrorIs(t, p.enter(task, c, nil), ErrBusy)
	}
	for i := range claims {
		enter(i)
	}
	i := 0
	assert.Zero(t, testing.AllocsPerRun(1000, func() {
		c := p.take(p.workers[0])
		p.last++
		c.order = p.last
		i++
		c.Fair = uint64(i%7 + 1)
		p.enqueue(c)
	}))
}

// BenchmarkClaim measures a claim and its release, from as many goroutines as
// there are CPUs (-cpu 2 for two).
func BenchmarkClaim(b *testing.B) {
	for _, workers := range []int{1, 4, 64, 1024} {
		b.Run(fmt.Sprintf("workers=%d", workers), func(b *testing.B) {
			benchmarkClaim(b, workers, &plan.Group{MaxReqPerWorker: 100}, Claim{})
		})
	}
}

// BenchmarkClaimOrdered measures the same for requests with a priority and a key,
// in a pool that is fair.
func BenchmarkClaimOrdered(b *testing.B) {
	benchmarkClaim(b, 4, &plan.Group{MaxReqPerWorker: 100, Fair: byIP}, Claim{Priority: new(int), Fair: 7})
}

// BenchmarkClaimSticky measures the same for requests that have a key.
func BenchmarkClaimSticky(b *testing.B) {
	for _, workers := range []int{1, 4, 64, 1024} {
		b.Run(fmt.Sprintf("workers=%d", workers), func(b *testing.B) {
			benchmarkClaim(b, workers, &plan.Group{MaxReqPerWorker: 100, Sticky: plan.Sticky{Key: match.Key{By: match.KeyClientIP}}}, Claim{Key: 7})
		})
	}
}

func benchmarkClaim(b *testing.B, workers int, p *plan.Group, claim Claim) {
	pool := New(p)
	for _, w := range addWorkers(pool, workers) {
		w.proven.Store(true)
	}
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		c := claim
		for pb.Next() {
			c.Key += claim.Key
			if pool.TryClaim(&c, nil) == nil {
				c.Release()
			}
		}
	})
}

// BenchmarkQueue measures the choice of the next request and its way through the
// queue, while many others wait.
func BenchmarkQueue(b *testing.B) {
	type shape struct {
		name       string
		group      plan.Group
		keys       uint64
		priorities int
	}
	for _, s := range []shape{
		{"fifo", plan.Group{Queue: plan.DisciplineFIFO}, 1, 1},
		{"adaptive", plan.Group{}, 1, 1},
		{"fair", plan.Group{Fair: byIP}, 500, 1},
		{"priority", plan.Group{}, 1, 10},
		{"both", plan.Group{Fair: byIP}, 500, 10},
	} {
		for _, waiting := range []int{10, 100_000} {
			b.Run(fmt.Sprintf("%s/waiting=%d", s.name, waiting), func(b *testing.B) {
				g := s.group
				g.MaxReqPerWorker = 1
				p := New(&g)
				addWorkers(p, 1)
				now := netloop.Time(1)
				task := &modelTask{now: &now}
				var running Claim
				_ = p.TryClaim(&running, nil)
				priorities := make([]int, s.priorities)
				enter := func(i int, c *Claim) {
					priorities[i%s.priorities] = i % s.priorities
					*c = Claim{Fair: 1 + uint64(i)%s.keys, Priority: &priorities[i%s.priorities]}
					_ = p.enter(task, c, nil)
				}
				claims := make([]Claim, waiting)
				for i := range claims {
					enter(i, &claims[i])
				}
				b.ReportAllocs()
				for b.Loop() {
					c := p.take(p.workers[0])
					p.last++
					c.order = p.last
					p.enqueue(c)
				}
			})
		}
	}
}

// byIP is a key for fair=.
var byIP = match.Key{By: match.KeyClientIP}
