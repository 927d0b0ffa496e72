package stats

import (
	"sync/atomic"
	"time"
)

// Bounds are the upper bounds of the buckets of Times, from a cached answer to a long
// computation; one more bucket holds the rest. Each is about a quarter more than the one
// before, so that a percentile can be told from them. They are read-only.
var Bounds = [...]time.Duration{
	100 * time.Microsecond, 125 * time.Microsecond, 160 * time.Microsecond, 200 * time.Microsecond, 250 * time.Microsecond,
	315 * time.Microsecond, 400 * time.Microsecond, 500 * time.Microsecond, 630 * time.Microsecond, 800 * time.Microsecond,
	time.Millisecond, 1250 * time.Microsecond, 1600 * time.Microsecond, 2 * time.Millisecond, 2500 * time.Microsecond,
	3150 * time.Microsecond, 4 * time.Millisecond, 5 * time.Millisecond, 6300 * time.Microsecond, 8 * time.Millisecond,
	10 * time.Millisecond, 12500 * time.Microsecond, 16 * time.Millisecond, 20 * time.Millisecond, 25 * time.Millisecond,
	31500 * time.Microsecond, 40 * time.Millisecond, 50 * time.Millisecond, 63 * time.Millisecond, 80 * time.Millisecond,
	100 * time.Millisecond, 125 * time.Millisecond, 160 * time.Millisecond, 200 * time.Millisecond, 250 * time.Millisecond,
	315 * time.Millisecond, 400 * time.Millisecond, 500 * time.Millisecond, 630 * time.Millisecond, 800 * time.Millisecond,
	time.Second, 1250 * time.Millisecond, 1600 * time.Millisecond, 2 * time.Second, 2500 * time.Millisecond,
	3150 * time.Millisecond, 4 * time.Second, 5 * time.Second, 6300 * time.Millisecond, 8 * time.Second,
	10 * time.Second, 12500 * time.Millisecond, 16 * time.Second, 20 * time.Second, 25 * time.Second,
	30 * time.Second, 40 * time.Second, 50 * time.Second, time.Minute, 80 * time.Second,
	100 * time.Second, 125 * time.Second, 160 * time.Second, 200 * time.Second, 250 * time.Second, 5 * time.Minute,
}

// Times counts durations.
type Times struct {
	Buckets [len(Bounds) + 1]uint64 // the number in each bucket, not cumulative
	Sum     time.Duration           // of all durations, to the microsecond
}

func (t *Times) add(u *Times) {
	for i, n := range u.Buckets {
		t.Buckets[i] += n
	}
	t.Sum += u.Sum
}

// A timer counts durations. The zero timer is ready to use, from any goroutine.
type timer struct {
	buckets [len(Bounds) + 1]atomic.Uint64
	sum     atomic.Uint64 // microseconds; nanoseconds would overflow within months
}

// observe counts d. A zero, which is the wait of most requests, costs one
// addition.
func (m *timer) observe(d time.Duration) {
	if d <= 0 {
		m.buckets[0].Add(1)
		return
	}
	m.buckets[bucket(d)].Add(1)
	m.sum.Add(uint64(d / time.Microsecond))
}

// bucket returns the index of the bucket of a duration.
func bucket(d time.Duration) int {
	low, high := 0, len(Bounds)
	for low < high {
		if mid := (low + high) / 2; d > Bounds[mid] {
			low = mid + 1
		} else {
			high = mid
		}
	}
	return low
}

func (m *timer) read() (t Times) {
	t.Sum = time.Duration(m.sum.Load()) * time.Microsecond
	for i := range m.buckets {
		t.Buckets[i] = m.buckets[i].Load()
	}
	return t
}
