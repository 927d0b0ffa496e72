//go:build darwin || dragonfly || freebsd || netbsd || openbsd

package worker

import "golang.org/x/sys/unix"

// awaitExit waits until a child has exited. (On macOS, waitid returns for a child
// that was stopped, too.) An error other than EINTR means that there is no such
// child, or nothing to wait with; waiting in cmd.Wait remains.
func awaitExit(pid int) error {
	queue, err := unix.Kqueue()
	if err != nil {
		return err
	}
	defer unix.Close(queue)
	unix.CloseOnExec(queue)
	change := make([]unix.Kevent_t, 1)
	unix.SetKevent(&change[0], pid, unix.EVFILT_PROC, unix.EV_ADD|unix.EV_ONESHOT)
	change[0].Fflags = unix.NOTE_EXIT
	for {
		n, err := unix.Kevent(queue, change, change[:1:1], nil)
		switch {
		case err == unix.EINTR:
			change = change[:1]
		case err != nil || n > 0:
			return err
		}
	}
}
