package proc

import (
	"errors"
	"time"

	"golang.org/x/sys/unix"
)

// lookAgain is the pause between two looks at processes that the kernel gives no
// descriptors of.
const lookAgain = 5 * time.Millisecond

// AwaitEnd waits until processes, which need not be children of this one, have
// ended, or a limit is over. It reports whether all have ended.
func AwaitEnd(all []Process, limit time.Duration) bool {
	deadline := time.Now().Add(limit)
	for i := range all {
		if !all[i].awaitEnd(deadline) {
			return false
		}
	}
	return true
}

func (p *Process) awaitEnd(deadline time.Time) bool {
	fd, err := unix.PidfdOpen(p.PID, 0)
	if err == nil {
		defer unix.Close(fd)
	}
	// The descriptor may be of another process that has the pid now. If ours still
	// lives, it is of ours.
	for Lives(p.PID, p.Start) {
		left := time.Until(deadline)
		switch {
		case left <= 0:
			return false
		case err != nil:
			time.Sleep(min(left, lookAgain))
		default:
			// It is readable once the process has ended.
			fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
			if _, e := unix.Poll(fds, int(left/time.Millisecond)+1); e != nil && !errors.Is(e, unix.EINTR) {
				err = e
			}
		}
	}
	return true
}
