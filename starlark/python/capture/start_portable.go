//go:build !linux || portable

package capture

import (
	"os/exec"
	"syscall"

	"github.com/ldcorn/ldcorn/engine/guard"
)

// prepare starts the guard of this process, which is no descendant to end.
func prepare() error { return guard.Open() }

// becomeReaper does nothing: descendants in other sessions whose own parent has ended
// are not found on this system.
func becomeReaper() {}

// start starts a command in a group of its own, which ends with this process.
func start(cmd *exec.Cmd) error {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return guard.Start(cmd)
}

// release ends the guarding of a command that has exited.
func release(pid int) { guard.Release(pid) }
