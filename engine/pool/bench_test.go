package pool

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/ldcorn/ldcorn/engine/match"
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

// BenchmarkClaim measures a claim and its release, from as many goroutines as
// there are CPUs (-cpu 2 for two).
func BenchmarkClaim(b *testing.B) {
	for _, workers := range []int{1, 4, 64, 1024} {
		b.Run(fmt.Sprintf("workers=%d", workers), func(b *testing.B) {
			benchmarkClaim(b, workers, &plan.Group{MaxReqPerWorker: 100}, 0)
		})
	}
}

// BenchmarkClaimSticky measures the same for requests that have a key.
func BenchmarkClaimSticky(b *testing.B) {
	for _, workers := range []int{1, 4, 64, 1024} {
		b.Run(fmt.Sprintf("workers=%d", workers), func(b *testing.B) {
			benchmarkClaim(b, workers, &plan.Group{MaxReqPerWorker: 100, Sticky: plan.Sticky{Key: match.Key{By: match.KeyClientIP}}}, 7)
		})
	}
}

func benchmarkClaim(b *testing.B, workers int, p *plan.Group, key uint64) {
	pool := New(p)
	for _, w := range addWorkers(pool, workers) {
		w.proven.Store(true)
	}
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		c := Claim{Key: key}
		for pb.Next() {
			c.Key += key
			if pool.TryClaim(&c, nil) == nil {
				c.Release()
			}
		}
	})
}
