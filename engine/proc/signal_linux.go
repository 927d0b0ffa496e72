//go:build !portable

package proc

import (
	"errors"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

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

// Signal signals the process, but never another one that has reused its pid. It
// returns os.ErrProcessDone if the process has exited.
func (p *Process) Signal(sig unix.Signal) error {
	fd, err := unix.PidfdOpen(p.PID, 0)
	switch {
	case errors.Is(err, unix.ESRCH):
		return os.ErrProcessDone
	case err != nil: // without pid descriptors a race is unavoidable
		if !Lives(p.PID, p.Start) {
			return os.ErrProcessDone
		}
		return unix.Kill(p.PID, sig)
	}
	defer unix.Close(fd)
	// The descriptor refers to the process that had the pid when it was opened.
	// If our process is alive now, it had the pid then.
	if !Lives(p.PID, p.Start) {
		return os.ErrProcessDone
	}
	if err = unix.PidfdSendSignal(fd, sig, nil, 0); errors.Is(err, unix.ESRCH) {
		return os.ErrProcessDone
	}
	return err
}
