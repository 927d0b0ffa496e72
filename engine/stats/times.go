package stats

import (
	"sync/atomic"
	"time"
)

// Bounds are the upper bounds of the buckets of Times, from a cached answer to
// a long computation; one more bucket holds the rest. They are read-only.
var Bounds = [...]time.Duration{
	time.Millisecond, 2500 * time.Microsecond, 5 * time.Millisecond,
	10 * time.Millisecond, 25 * time.Millisecond, 50 * time.Millisecond,
	100 * time.Millisecond, 250 * time.Millisecond, 500 * time.Millisecond,
	time.Second, 2500 * time.Millisecond, 5 * time.Second,
	10 * time.Second, 30 * time.Second, time.Minute, 5 * time.Minute,
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
	i := 0
	for i < len(Bounds) && d > Bounds[i] {
		i++
	}
	m.buckets[i].Add(1)
	m.sum.Add(uint64(d / time.Microsecond))
}

func (m *timer) read() (t Times) {
	t.Sum = time.Duration(m.sum.Load()) * time.Microsecond
	for i := range m.buckets {
		t.Buckets[i] = m.buckets[i].Load()
	}
	return t
}
