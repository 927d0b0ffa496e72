//go:build !portable

package confine

import (
	"os"
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"
)

// A leash ends a confined process with its parent. The kernel sees to that.
type leash struct{}

// tie ties a command that has not been started to this process.
func tie(cmd *exec.Cmd) (leash, error) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	return leash{}, nil
}

func (leash) started() {}

func (leash) end() {}

// leashed is the other end of a leash.
type leashed struct{}

func (*leashed) followParent() {}

// onParentEnd sets the signal that the process gets when its parent ends. The kernel
// keeps one for each thread, and only that of the main thread is set already.
func (*leashed) onParentEnd(s unix.Signal) {
	if unix.Gettid() == os.Getpid() {
		_ = unix.Prctl(unix.PR_SET_PDEATHSIG, uintptr(s), 0, 0, 0)
	}
}
