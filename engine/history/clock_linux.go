package history

import (
	"time"

	"golang.org/x/sys/unix"
)

// elapsed returns a time that goes on while the machine sleeps, and never jumps.
func elapsed() time.Duration {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &ts); err != nil {
		return time.Since(born)
	}
	return time.Duration(ts.Nano())
}
