package router

import (
	"time"

	"golang.org/x/sys/unix"
)

// threadTime returns the current thread and the processor time that it has
// used. It returns false if the system does not report the time.
func threadTime() (thread int, at time.Duration, ok bool) {
	for {
		thread = unix.Gettid()
		var ts unix.Timespec
		if unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &ts) != nil {
			return 0, 0, false
		}
		if unix.Gettid() == thread { // otherwise the goroutine has changed threads
			return thread, time.Duration(ts.Nano()), true
		}
	}
}
