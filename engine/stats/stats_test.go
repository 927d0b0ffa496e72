package stats

import (
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/assert"

	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/pool"
	"github.com/ldcorn/ldcorn/engine/result"
)

// served returns the result of a typical request, and Requests that know its
// group.
func served() (*Requests, *result.Result) {
	q, web := new(Requests), pool.New(&plan.Group{Name: "web"})
	q.Publish(map[string]*pool.Pool{"web": web})
	return q, &result.Result{Pool: web, Group: "web", Worker: 1, Status: 200, Took: 3 * time.Millisecond}
}

// TestSeats: each request counts for the seat that was tried last, and the
// group counts all of them.
func TestSeats(t *testing.T) {
	q, r := served()
	g := q.Groups()["web"]
	assert.Empty(t, g.Seats())
	q.Observe(r)
	q.Observe(&result.Result{Pool: r.Pool, Worker: 3, Status: 502, Kind: result.KindNoAnswer, Repeats: 2, Took: time.Second, Queued: 20 * time.Millisecond, Held: 30 * time.Millisecond})
	q.Observe(&result.Result{Pool: r.Pool, Worker: -1, Status: 503, Kind: result.KindQueueFull})
	seats := g.Seats()
	var requests []uint64
	for i := range seats {
		requests = append(requests, seats[i].Requests())
	}
	assert.Equal(t, []uint64{0, 1, 0, 1}, requests)
	assert.EqualValues(t, 1, seats[3].Faults.Of(result.KindNoAnswer))
	assert.EqualValues(t, 2, seats[3].Repeats)
	assert.Equal(t, time.Second, seats[3].Took.Sum)
	assert.Equal(t, 20*time.Millisecond, seats[3].Queued.Sum)
	assert.Equal(t, 30*time.Millisecond, seats[3].Held.Sum)

	all := g.Counts()
	assert.EqualValues(t, 3, all.Requests())
	held := uint64(0)
	for _, n := range all.Held.Buckets {
		held += n
	}
	assert.EqualValues(t, 2, held, "one had no slot")
	assert.Equal(t, [len(Classes)]uint64{1: 1, 4: 2}, all.Classes)
	assert.EqualValues(t, 1, all.Faults.Of(result.KindQueueFull))
	assert.EqualValues(t, 1, all.Faults.Of(result.KindNoAnswer))
	assert.Zero(t, all.Faults.Of("nothing"))
	assert.Equal(t, time.Second+3*time.Millisecond, all.Took.Sum)
}

// TestEach: the counts of no seat come first, and then those of each seat.
func TestEach(t *testing.T) {
	q, r := served()
	q.Observe(r)
	q.Observe(&result.Result{Pool: r.Pool, Worker: -1, Status: 503})
	g, all := q.Groups()["web"], [][2]uint64{}
	g.Each(func(index int, c *Counts) { all = append(all, [2]uint64{uint64(index + 1), c.Requests()}) })
	assert.Equal(t, [][2]uint64{{0, 1}, {1, 0}, {2, 1}}, all)
}

// TestComesBack: a group that goes and comes back goes on from its counts, which include
// those of its requests that have ended in the meantime.
func TestComesBack(t *testing.T) {
	q, r := served()
	first := r.Pool
	requests := func() uint64 {
		all := q.Groups()["web"].Counts()
		return all.Requests()
	}
	q.Observe(r)
	q.Publish(nil)
	assert.Empty(t, q.Groups())
	assert.Empty(t, q.Busy(), "it has no requests")
	q.Observe(r)
	q.AddSlow("web", 2)
	second := pool.New(&plan.Group{Name: "web"})
	q.Publish(map[string]*pool.Pool{"web": second})
	g := q.Groups()["web"]
	assert.EqualValues(t, 2, requests())
	assert.EqualValues(t, 2, g.Slow())
	assert.Same(t, second, g.Pool())
	assert.True(t, g.Returned())
	q.Observe(r) // of the first pool
	r.Pool = second
	q.Observe(r)
	assert.EqualValues(t, 4, requests())

	first.Bonds().Issued.Add(3)
	second.Bonds().Issued.Add(4)
	q.Publish(nil)
	q.Publish(map[string]*pool.Pool{"web": pool.New(&plan.Group{Name: "web"})})
	second.Bonds().Issued.Add(5)
	assert.EqualValues(t, 12, q.Groups()["web"].Totals().CookiesIssued)
}

// TestGone: groups with new names at each reload do not add up. Those that have gone last
// keep their counts.
func TestGone(t *testing.T) {
	q := new(Requests)
	name := func(n int) string { return strconv.Itoa(n) }
	for n := range 2 * mostGone {
		p := pool.New(&plan.Group{Name: name(n)})
		q.Publish(map[string]*pool.Pool{name(n): p})
		q.Observe(&result.Result{Pool: p, Group: name(n), Status: 200})
	}
	assert.Len(t, q.now().named, mostGone+1)
	for n, want := range map[int]uint64{0: 0, 2*mostGone - 2: 1} {
		q.Publish(map[string]*pool.Pool{name(n): pool.New(&plan.Group{Name: name(n)})})
		all := q.Groups()[name(n)].Counts()
		assert.Equal(t, want, all.Requests(), n)
	}
}

// TestBucket: a duration counts in the first bucket whose bound it does not exceed.
func TestBucket(t *testing.T) {
	assert.True(t, slices.IsSorted(Bounds[:]))
	assert.Zero(t, bucket(1))
	for i, bound := range Bounds {
		assert.Equal(t, i, bucket(bound))
		assert.Equal(t, i+1, bucket(bound+1))
	}
}

// TestKindsFit: there is room for every kind of fault.
func TestKindsFit(t *testing.T) { assert.LessOrEqual(t, len(result.Kinds), maxKinds) }

func TestObserveAllocatesNothing(t *testing.T) {
	q, ordinary := served()
	failed := *ordinary
	failed.Status, failed.Kind, failed.Repeats, failed.Queued = 502, result.KindNoAnswer, 2, time.Second
	q.Observe(ordinary) // creates the counters of its seat
	for _, r := range []*result.Result{ordinary, &failed, {Status: 400, Kind: result.KindRefused}} {
		assert.Zero(t, testing.AllocsPerRun(100, func() { q.Observe(r) }), "%+v", r)
	}
}

// TestObserveWhileReading: no count is lost or ever decreases while loops
// count, a reload publishes and somebody reads.
func TestObserveWhileReading(t *testing.T) {
	q, r := served()
	const loops, each = 4, 5000
	var busy atomic.Bool
	busy.Store(true)
	var wg, asking sync.WaitGroup
	for loop := range loops {
		wg.Go(func() {
			for n := range each {
				one := *r
				one.Worker = (loop + n) % 7
				q.Observe(&one)
			}
		})
	}
	asking.Go(func() {
		last := uint64(0)
		for busy.Load() {
			counts := q.Groups()["web"].Counts()
			assert.GreaterOrEqual(t, counts.Requests(), last)
			last = counts.Requests()
			q.Publish(map[string]*pool.Pool{"web": r.Pool})
		}
	})
	wg.Wait()
	busy.Store(false)
	asking.Wait()
	g := q.Groups()["web"]
	counts, took := g.Counts(), uint64(0)
	for _, n := range counts.Took.Buckets {
		took += n
	}
	assert.EqualValues(t, loops*each, counts.Requests())
	assert.EqualValues(t, loops*each, took)
	assert.EqualValues(t, loops*each, counts.Queued.Buckets[0])
	assert.Len(t, g.Seats(), 7)
}

// BenchmarkObserve measures the cost of counting a request: on one loop, and on
// one loop per processor, all counting the same group.
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

// BenchmarkObserveClientGolang measures the same with the counter and
// histograms of client_golang, looked up beforehand. It shows why we have our
// own.
func BenchmarkObserveClientGolang(b *testing.B) {
	var buckets []float64
	for _, bound := range Bounds {
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
