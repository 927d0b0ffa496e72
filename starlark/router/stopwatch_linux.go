package router

import (
	"time"

	"golang.org/x/sys/unix"
)

// threadTime returns which thread this is, and the processor time that it has
// had. It reports false where the system does not say.
func threadTime() (thread int, at time.Duration, ok bool) {
	for {
		thread = unix.Gettid()
		var ts unix.Timespec
		if unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &ts) != nil {
			return 0, 0, false
		}
		if unix.Gettid() == thread { // else the goroutine was moved in between
			return thread, time.Duration(ts.Nano()), true
		}
	}
}
