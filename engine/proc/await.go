package proc

import (
	"errors"
	"time"

	"golang.org/x/sys/unix"
)

// lookAgain is the polling interval for processes for which the kernel has no
// descriptors.
const lookAgain = 5 * time.Millisecond

// AwaitEnd waits until processes, which need not be our children, have exited,
// or a limit has passed. It reports whether all have exited.
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
	// The descriptor may refer to another process that has reused the pid. If
	// our process is still alive, the descriptor is its own.
	for Lives(p.PID, p.Start) {
		left := time.Until(deadline)
		switch {
		case left <= 0:
			return false
		case err != nil:
			time.Sleep(min(left, lookAgain))
		default:
			// The descriptor is readable once the process has exited.
			fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
			if _, e := unix.Poll(fds, int(left/time.Millisecond)+1); e != nil && !errors.Is(e, unix.EINTR) {
				err = e
			}
		}
	}
	return true
}
