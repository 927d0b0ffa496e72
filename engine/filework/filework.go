// Package filework does work that may wait for a disk in a few goroutines of its own,
// so that no event loop waits for one.
package filework

import (
	"sync"
	"time"
)

// Workers is how many goroutines of a Queue work at most. One that waits for a disk
// holds a thread of the system.
const Workers = 4

// linger is how long the last goroutine waits for more work, which often follows soon.
const linger = time.Second

// A Work is one piece of file work.
type Work interface {
	// Do does it, in a goroutine of the Queue. It may wait for a disk.
	Do()
}

// A Queue has file work done, first come, first served. There should be one for each
// disk, because a disk that hangs can hold all of its goroutines. It is safe for
// concurrent use.
//
// Nobody waits for the goroutines: one that a disk never answers cannot be ended.
type Queue struct {
	busy func() (done func()) // nil = none
	idle func()               // nil = none
	more chan struct{}        // tells the idle goroutine of work

	mu      sync.Mutex
	waiting []Work // that nobody has begun, from next on; guarded by mu, as all below
	next    int
	running int    // goroutines
	rests   bool   // the only goroutine waits for more work
	done    func() // of busy; nil = it was not called
}

// New returns an empty Queue. When its goroutines begin to work, it calls busy, and a
// while after there is nothing left to do, idle and then done. Both can be nil.
func New(busy func() (done func()), idle func()) *Queue {
	return &Queue{busy: busy, idle: idle, more: make(chan struct{}, 1)}
}

// Add has a piece of work done. It never waits.
func (q *Queue) Add(w Work) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.waiting = append(q.waiting, w)
	switch {
	case q.rests:
		q.rests = false
		q.more <- struct{}{}
	case q.running < Workers:
		q.running++
		go q.work(q.running == 1)
	}
}

// Len returns how many pieces of work nobody has begun.
func (q *Queue) Len() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.waiting) - q.next
}

// work does work until there is none. The first goroutine says that there is some.
func (q *Queue) work(first bool) {
	if first && q.busy != nil {
		done := q.busy()
		q.mu.Lock()
		q.done = done
		q.mu.Unlock()
	}
	for {
		for w := q.take(); w != nil; w = q.take() {
			w.Do()
		}
		if q.leaves() {
			return
		}
	}
}

// take returns the next piece of work, or nil if there is none.
func (q *Queue) take() Work {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.next == len(q.waiting) {
		return nil
	}
	w := q.waiting[q.next]
	q.waiting[q.next] = nil
	q.next++
	switch {
	case q.next == len(q.waiting):
		q.waiting, q.next = q.waiting[:0], 0
		if cap(q.waiting) > keptRoom {
			q.waiting = nil
		}
	case q.next > keptRoom && q.next > len(q.waiting)/2:
		n := copy(q.waiting, q.waiting[q.next:])
		clear(q.waiting[n:])
		q.waiting, q.next = q.waiting[:n], 0
	}
	return w
}

// keptRoom is how much room for waiting work an idle Queue keeps.
const keptRoom = 1024

// leaves reports whether a goroutine that has found no work is to end. The last one
// waits for a while.
func (q *Queue) leaves() bool {
	q.mu.Lock()
	if q.next < len(q.waiting) || q.rests || q.running > 1 {
		defer q.mu.Unlock()
		if q.next < len(q.waiting) {
			return false
		}
		q.running--
		return true
	}
	q.rests = true
	q.mu.Unlock()
	late := time.NewTimer(linger)
	defer late.Stop()
	select {
	case <-q.more:
		return false
	case <-late.C:
	}
	q.mu.Lock()
	if !q.rests { // work came at the last moment
		q.mu.Unlock()
		<-q.more
		return false
	}
	q.rests = false
	q.mu.Unlock()
	if q.idle != nil {
		q.idle()
	}
	q.mu.Lock()
	if q.next < len(q.waiting) { // it came during idle
		q.mu.Unlock()
		return false
	}
	q.running--
	done := q.done
	if q.running > 0 { // goroutines that have begun during idle
		done = nil
	} else {
		q.done = nil
	}
	q.mu.Unlock()
	if done != nil {
		done()
	}
	return true
}
