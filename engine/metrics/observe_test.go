package metrics

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/assert"

	"github.com/ldcorn/ldcorn/engine/pool"
	"github.com/ldcorn/ldcorn/engine/result"
)

// served is what most requests leave.
func served() (*Requests, *result.Result) {
	q, pools := new(Requests), poolsOf("web")
	q.Publish(pools)
	return q, &result.Result{Pool: pools["web"], Group: "web", Status: 200, Took: 3 * time.Millisecond}
}

func TestObserveAllocatesNothing(t *testing.T) {
	q, ordinary := served()
	failed := *ordinary
	failed.Status, failed.Kind, failed.Repeats, failed.Queued = 502, result.KindNoAnswer, 2, time.Second
	for _, r := range []*result.Result{ordinary, &failed, {Status: 400, Kind: result.KindRefused}} {
		assert.Zero(t, testing.AllocsPerRun(100, func() { q.Observe(r) }), "%+v", r)
	}
}

// TestObserveWhileCollecting: nothing is lost when loops count, a reload
// publishes and Prometheus asks at the same time, and a histogram's count
// never goes back.
func TestObserveWhileCollecting(t *testing.T) {
	q, r := served()
	const loops, each = 4, 5000
	var busy atomic.Bool
	busy.Store(true)
	var wg, asking sync.WaitGroup
	for range loops {
		wg.Go(func() {
			for range each {
				q.Observe(r)
			}
		})
	}
	asking.Go(func() {
		last := 0.0
		for busy.Load() {
			got := samples(t, q)[`ldcorn_request_duration_seconds{group="web"}`]
			assert.GreaterOrEqual(t, got, last)
			last = got
			q.Publish(map[string]*pool.Pool{"web": r.Pool})
		}
	})
	wg.Wait()
	busy.Store(false)
	asking.Wait()
	got := samples(t, q)
	assert.EqualValues(t, loops*each, got[`ldcorn_requests_total{code="2xx",group="web"}`])
	assert.EqualValues(t, loops*each, got[`ldcorn_request_duration_seconds{group="web"}`])
	assert.EqualValues(t, loops*each, got[`ldcorn_request_queue_seconds{group="web"}`])
}

// BenchmarkObserve is what the metrics cost a request: on one loop, and on as
// many as there are processors, that count the same group.
func BenchmarkObserve(b *testing.B) {
	q, r := served()
	b.Run("one", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			q.Observe(r)
		}
	})
	b.Run("parallel", func(b *testing.B) {
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				q.Observe(r)
			}
		})
	})
}

// BenchmarkObserveClientGolang is the same with the library's own counter and
// histograms, which are looked up beforehand: why ours are.
func BenchmarkObserveClientGolang(b *testing.B) {
	var buckets []float64
	for _, bound := range bounds {
		buckets = append(buckets, bound.Seconds())
	}
	count := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "c"}, []string{"group", "code"}).WithLabelValues("web", "2xx")
	took := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "h", Buckets: buckets}, []string{"group"}).WithLabelValues("web")
	queued := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "q", Buckets: buckets}, []string{"group"}).WithLabelValues("web")
	_, r := served()
	observe := func() {
		count.Inc()
		took.Observe(r.Took.Seconds())
		queued.Observe(r.Queued.Seconds())
	}
	b.Run("one", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			observe()
		}
	})
	b.Run("parallel", func(b *testing.B) {
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				observe()
			}
		})
	})
}
