//go:build !linux || portable

package proc

import (
	"errors"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// awaitEnd looks again and again: the system has no descriptors for processes
// that are not our children.
func (p *Process) awaitEnd(deadline time.Time) bool {
	for Lives(p.PID, p.Start) {
		left := time.Until(deadline)
		if left <= 0 {
			return false
		}
		time.Sleep(min(left, lookAgain))
	}
	return true
}

// Signal signals the process, unless another one has its pid now. Between the
// look and the signal, the process could end and its pid be given away; systems
// give a pid away again only after many others. Signal returns
// os.ErrProcessDone if the process has exited.
func (p *Process) Signal(sig unix.Signal) error {
	if !Lives(p.PID, p.Start) {
		return os.ErrProcessDone
	}
	err := unix.Kill(p.PID, sig)
	if errors.Is(err, unix.ESRCH) {
		return os.ErrProcessDone
	}
	return err
}
