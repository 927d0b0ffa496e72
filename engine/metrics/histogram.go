package metrics

import (
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// bounds are the upper ends of a histogram's buckets, a further one of which
// takes the rest: from a cached answer to a long computation. Only read.
var bounds = [...]time.Duration{
	time.Millisecond, 2500 * time.Microsecond, 5 * time.Millisecond,
	10 * time.Millisecond, 25 * time.Millisecond, 50 * time.Millisecond,
	100 * time.Millisecond, 250 * time.Millisecond, 500 * time.Millisecond,
	time.Second, 2500 * time.Millisecond, 5 * time.Second,
	10 * time.Second, 30 * time.Second, time.Minute, 5 * time.Minute,
}

// A histogram counts durations. The zero histogram is ready for use, by any
// goroutine.
type histogram struct {
	buckets [len(bounds) + 1]atomic.Uint64
	sum     atomic.Uint64 // microseconds: nanoseconds would last for months only
}

// observe counts d. None at all, which is what most requests wait, costs one
// addition.
func (h *histogram) observe(d time.Duration) {
	if d <= 0 {
		h.buckets[0].Add(1)
		return
	}
	i := 0
	for i < len(bounds) && d > bounds[i] {
		i++
	}
	h.buckets[i].Add(1)
	h.sum.Add(uint64(d / time.Microsecond))
}

// metric is what was counted so far. The count is that of the buckets, also
// while requests are being counted.
func (h *histogram) metric(desc *prometheus.Desc, labels ...string) prometheus.Metric {
	sum := time.Duration(h.sum.Load()) * time.Microsecond
	count, below := uint64(0), make(map[float64]uint64, len(bounds))
	for i := range h.buckets {
		count += h.buckets[i].Load()
		if i < len(bounds) {
			below[bounds[i].Seconds()] = count
		}
	}
	return prometheus.MustNewConstHistogram(desc, count, sum.Seconds(), below, labels...)
}
