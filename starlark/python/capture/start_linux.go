//go:build !portable

package capture

import (
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"
)

func prepare() error { return nil }

// becomeReaper makes this process the parent of its descendants whose own parent ends.
func becomeReaper() {
	_ = unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) // best effort: it is an old system call
}

// start starts a command in a group of its own, which ends with the thread of the
// caller.
func start(cmd *exec.Cmd) error {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	return cmd.Start()
}

func release(int) {}
