package netloop

import (
	"math"
	"runtime"
	"time"
)

const (
	busyFrom   = 4 // events at one wake-up that make more likely
	crowdFrom  = 3 // tasks in flight from which it pays to wait for more events
	shortSleep = Time(100 * time.Microsecond)
	napMillis  = 1
	nap        = Time(napMillis * time.Millisecond)
	shareEvery = Time(10 * time.Millisecond)
)

// wait polls first while the loop is busy: there are events already then, and
// the scheduler need not hear of it. It gives way once: on busy cores that
// lets clients and workers make more events for the next wait, and costs less
// than being woken for each. With a few requests in flight it does so before
// it looks, for what is ready now is cheaper together with what will be;
// otherwise only where there is nothing to do.
func (l *loop) wait() int {
	l.letOthersRun()
	if pending := len(l.ready)+len(l.behind)+len(l.batch.waiting) > 0; l.busy || pending {
		gather := !pending && len(l.active) >= crowdFrom
		if gather {
			rawYield()
		}
		if n := l.poll(); n > 0 || pending {
			return n
		}
		if !gather {
			rawYield()
			if n := l.poll(); n > 0 {
				return n
			}
		}
	}
	began := Now()
	n := l.sleep()
	slept := Now() - began
	l.busy = n >= busyFrom || slept < shortSleep
	l.lively = slept < nap
	return n
}

// poll takes the events that are there.
func (l *loop) poll() int {
	n, e := rawWait(l.epfd, l.events[:], 0)
	if e != 0 {
		return 0
	}
	return n
}

// letOthersRun lets the goroutines run that have something to do. A loop that
// naps between its events is running as far as the scheduler knows.
func (l *loop) letOthersRun() {
	if l.now >= l.shareAt {
		l.shareAt = l.now + shareEvery
		runtime.Gosched()
	}
}

// sleep waits until there are events or something was posted.
func (l *loop) sleep() int {
	l.sleeping.Store(true)
	defer l.sleeping.Store(false)
	l.mu.Lock()
	posted := len(l.posted) + len(l.woken)
	l.mu.Unlock()
	ms := 0
	if posted == 0 {
		ms = l.patience()
	}
	// A nap that the scheduler is not told of. Told, it would take the
	// processor away from a loop that is back within microseconds, and wake a
	// thread of its own to watch over it, which is dear.
	if l.lively && ms != 0 {
		if n, e := rawWait(l.epfd, l.events[:], napMillis); e != 0 || n > 0 {
			return max(n, 0)
		}
		ms = l.patience()
	}
	n, e := blockingWait(l.epfd, l.events[:], ms)
	if e != 0 {
		return 0
	}
	return n
}

// patience is how long the loop may sleep, in milliseconds.
func (l *loop) patience() int {
	if l.nextAt == never {
		return -1
	}
	left := l.nextAt.Sub(Now())
	return int(min(max((left+time.Millisecond-1)/time.Millisecond, 0), math.MaxInt32))
}
