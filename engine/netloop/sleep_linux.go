//go:build !portable

package netloop

import (
	"math"
	"runtime"
	"time"
)

const (
	busyFrom   = 4 // events at one wake-up that make more events likely
	crowdFrom  = 3 // tasks in flight from which it pays to wait for more events
	shortSleep = Time(100 * time.Microsecond)
	napMillis  = 1
	nap        = Time(napMillis * time.Millisecond)
	shareEvery = Time(10 * time.Millisecond)
)

// wait first polls while the loop is busy: usually there are events already,
// and the scheduler need not be involved. It yields once: on busy cores,
// clients and workers can then produce more events for the next wait, which
// costs less than being woken for each one. With a few requests in flight, it
// yields before it polls, because handling current events together with later
// ones is cheaper. Otherwise it yields only if there is nothing to do.
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

// poll takes the events that are available.
func (l *loop) poll() int {
	n, e := rawWait(l.epfd, l.events[:], 0)
	if e != 0 {
		return 0
	}
	return n
}

// letOthersRun lets other goroutines run that have work. As far as the
// scheduler knows, a loop that naps between its events is running.
func (l *loop) letOthersRun() {
	if l.now >= l.shareAt {
		l.shareAt = l.now + shareEvery
		runtime.Gosched()
	}
}

// sleep waits until there are events or until something is posted.
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
	// Nap without telling the scheduler. Otherwise it would take the processor
	// away from a loop that is back within microseconds, and wake a thread to
	// watch over it, which is expensive.
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

// patience returns how long the loop can sleep, in milliseconds.
func (l *loop) patience() int {
	if l.nextAt == never {
		return -1
	}
	left := l.nextAt.Sub(Now())
	return int(min(max((left+time.Millisecond-1)/time.Millisecond, 0), math.MaxInt32))
}
