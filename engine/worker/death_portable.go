//go:build !linux || portable

package worker

import (
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/ldcorn/ldcorn/engine/guard"
	"github.com/ldcorn/ldcorn/engine/proc"
)

// deathSignal says that launch asks the kernel for none.
const deathSignal = 0

// launch starts the process. A guard kills it, with its group, when this process
// ends.
func (p *Process) launch() error {
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	return guard.Start(p.cmd)
}

// release ends what launch has arranged. The process has exited and was not reaped.
func (p *Process) release() { guard.Release(p.PID()) }

// A handle has what the system gives to follow a child: nothing but its pid, which no
// other process can get until it was reaped.
type handle struct{}

// awaitDeath blocks until the process has exited, and leaves it unreaped, so that no
// other process can get its id.
func (p *Process) awaitDeath() {
	for awaitExit(p.PID()) == unix.EINTR {
	}
}

// A stranger is a process that is not our child. Its start time tells it from
// another one that has its pid later.
type stranger proc.Process

// meet returns the process with a pid.
func meet(pid int) (stranger, error) {
	p, err := proc.Read(pid)
	return stranger(p), err
}

// terminate asks the process to exit.
func (s stranger) terminate() error { return (*proc.Process)(&s).Signal(unix.SIGTERM) }

func (s stranger) close() {}
