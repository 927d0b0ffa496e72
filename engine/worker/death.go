package worker

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// awaitDeath blocks until the process has exited, and leaves it unreaped, so
// that no other process can get its id. With a pid descriptor the wait does not
// occupy a thread. awaitDeath closes the descriptor.
func awaitDeath(pid, pidfd int) {
	if pidfd >= 0 && awaitDescriptor(pidfd) == nil {
		return
	}
	for waitDead(unix.P_PID, pid, 0) == errUndecided {
	}
}

// awaitDescriptor waits with the runtime's poller: a pid descriptor becomes
// readable when its process exits.
func awaitDescriptor(pidfd int) error {
	if err := unix.SetNonblock(pidfd, true); err != nil {
		unix.Close(pidfd)
		return err
	}
	f := os.NewFile(uintptr(pidfd), "pidfd")
	defer f.Close()
	conn, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var died error
	err = conn.Read(func(fd uintptr) bool {
		died = waitDead(unix.P_PIDFD, int(fd), unix.WNOHANG)
		return died != errUndecided
	})
	return errors.Join(err, died)
}

// errUndecided means that the process may still be running.
var errUndecided = errors.New("undecided")

func waitDead(idType, id, flags int) error {
	var info unix.Siginfo
	err := unix.Waitid(idType, id, &info, unix.WEXITED|unix.WNOWAIT|flags, nil)
	switch {
	case errors.Is(err, unix.EINTR), errors.Is(err, unix.EAGAIN), err == nil && info.Signo == 0:
		return errUndecided
	}
	return err
}
