package ratelimit

import (
	"sync"
	"sync/atomic"

	"github.com/ldcorn/ldcorn/engine/plan"
)

const (
	// ways is the number of entries of a set. With that many, the keys of one set
	// do not meet by chance before about half of the table is in use.
	ways      = 16
	lockCount = 64 // locks of a table

	// A table has mostSets sets, which are 2 MiB, unless there are so many tables
	// that they would have more than allSets.
	mostSets  = 1 << 13
	leastSets = 1 << 4
	allSets   = 1 << 18
)

// setsOf returns how many sets each of n tables has: a power of two.
func setsOf(n int) int {
	sets := mostSets
	for sets > leastSets && sets*n > allSets {
		sets /= 2
	}
	return sets
}

// A table has the theoretical arrival times of many keys. It is safe for
// concurrent use.
type table struct {
	pace
	sets  []set // their number is a power of two
	locks [lockCount]struct {
		sync.Mutex // guards changes of the keys of every lockCount-th set
		_          [56]byte
	}
	done *totals
}

// A set has the entries of some keys. An entry that gets another key gets
// another time as well, so as long as its time is the same, so is its key.
type set struct {
	keys  [ways]atomic.Uint64 // 0 = none
	times [ways]atomic.Int64
}

// A pace is a limit in nanoseconds.
type pace struct {
	interval int64 // between two requests
	ahead    int64 // how far the time of a key can be ahead when a request is let in
}

// next returns the time of a key after one more request at now, or how long it
// must wait before it is let in.
func (p *pace) next(now, time int64) (next, wait int64) {
	base := max(now, time)
	if wait = base - p.ahead - now; wait > 0 {
		return time, wait
	}
	return base + p.interval, 0
}

func newTable(l plan.RateLimit, sets int, done *totals) *table {
	interval := int64(l.Interval())
	return &table{pace: pace{interval, interval * int64(l.Burst-1)}, sets: make([]set, sets), done: done}
}

// of returns the set of a key and its index.
func (t *table) of(key uint64) (*set, uint64) {
	i := key >> 32 & uint64(len(t.sets)-1)
	return &t.sets[i], i
}

// look returns how long a request at now would have to wait.
func (t *table) look(now int64, key uint64) (wait int64) {
	s, _ := t.of(key)
	i := s.find(key)
	if i < 0 {
		i = s.last()
	}
	_, wait = t.next(now, s.times[i].Load())
	return wait
}

// take counts a request at now, or returns how long it must wait.
func (t *table) take(now int64, key uint64) (wait int64) {
	s, n := t.of(key)
	if wait, found := t.takeFrom(s, now, key); found {
		return wait
	}
	lock := &t.locks[n%lockCount]
	lock.Lock()
	defer lock.Unlock()
	if wait, found := t.takeFrom(s, now, key); found {
		return wait
	}
	for {
		i := s.last()
		before, time := s.keys[i].Load(), s.times[i].Load()
		next, wait := t.next(now, time)
		if wait > 0 {
			return wait
		}
		s.keys[i].Store(0) // whoever looks for either key waits for the lock
		if s.times[i].CompareAndSwap(time, next) {
			s.keys[i].Store(key)
			if time > now {
				t.done.evicted.Add(1)
			}
			return 0
		}
		s.keys[i].Store(before) // which has just had another request
	}
}

// takeFrom is take for a key that has an entry, and reports whether it has one.
func (t *table) takeFrom(s *set, now int64, key uint64) (wait int64, found bool) {
	for i := range s.keys {
		for s.keys[i].Load() == key {
			time := s.times[i].Load()
			if s.keys[i].Load() != key {
				break // the time may be another key's
			}
			next, wait := t.next(now, time)
			if wait > 0 || s.times[i].CompareAndSwap(time, next) {
				return wait, true
			}
		}
	}
	return 0, false
}

// refund takes back one take.
func (t *table) refund(key uint64) {
	s, _ := t.of(key)
	if i := s.find(key); i >= 0 {
		s.times[i].Add(-t.interval)
	}
}

// active returns how many keys have a time that has not come.
func (t *table) active(now int64) (n int) {
	for i := range t.sets {
		for k := range ways {
			if t.sets[i].times[k].Load() > now {
				n++
			}
		}
	}
	return n
}

// find returns the index of a key, or -1.
func (s *set) find(key uint64) int {
	for i := range s.keys {
		if s.keys[i].Load() == key {
			return i
		}
	}
	return -1
}

// last returns the index of the entry that is the furthest behind.
func (s *set) last() (last int) {
	for i := range s.times {
		if s.times[i].Load() < s.times[last].Load() {
			last = i
		}
	}
	return last
}
