//go:build !portable

package worker

import (
	"errors"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// deathSignal is what launch asks the kernel for.
const deathSignal = int(syscall.SIGKILL)

// launch starts the process. The kernel kills it when the thread of the caller ends.
func (p *Process) launch() error {
	p.pidfd = -1 // if the kernel has no pid descriptors
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGKILL, PidFD: &p.pidfd}
	return p.cmd.Start()
}

// release does nothing: what launch has arranged ends with the process.
func (p *Process) release() {}

// A handle has what the system gives to follow a child: a pid descriptor.
type handle struct{ pidfd int }

// awaitDeath blocks until the process has exited, and leaves it unreaped, so
// that no other process can get its id. With a pid descriptor the wait does not
// occupy a thread. awaitDeath closes the descriptor.
func (p *Process) awaitDeath() {
	if p.pidfd >= 0 && awaitDescriptor(p.pidfd) == nil {
		return
	}
	for waitDead(unix.P_PID, p.PID(), 0) == errUndecided {
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

// A stranger is a process that is not our child, with a descriptor of it.
type stranger int

// meet returns the process with a pid.
func meet(pid int) (stranger, error) {
	fd, err := unix.PidfdOpen(pid, 0)
	return stranger(fd), err
}

// terminate asks the process to exit.
func (s stranger) terminate() error { return unix.PidfdSendSignal(int(s), unix.SIGTERM, nil, 0) }

func (s stranger) close() { _ = unix.Close(int(s)) }
