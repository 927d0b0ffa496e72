package watch

import (
	"time"

	"golang.org/x/sys/unix"
)

// Now returns the time that a file gets which is written now. The clock for that
// is a few milliseconds behind.
func Now() time.Time {
	var ts unix.Timespec
	if unix.ClockGettime(unix.CLOCK_REALTIME_COARSE, &ts) != nil {
		return time.Now().Add(-behind)
	}
	return time.Unix(ts.Unix())
}

// behind is by how much the clock for files can be behind.
const behind = 10 * time.Millisecond
