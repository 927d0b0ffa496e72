// Package proc looks at the processes of this machine, through /proc on Linux and
// with sysctl on macOS, and signals a process only if it is still the one that was
// looked at.
package proc

import (
	"errors"
	"os"
)

// A Process is what the kernel reports about a process at one moment.
type Process struct {
	PID     int
	Parent  int
	Group   int
	Session int
	TTY     int    // device number of the controlling terminal; 0 if none
	Start   uint64 // clock ticks since boot, on macOS microseconds since 1970; with the pid, it identifies one process for all time
	State   byte
	Flags   uint // PF_* of Linux's sched.h; elsewhere only the one of them that is used here
}

// The states of a process that has exited.
const (
	zombie = 'Z' // its parent has not reaped it yet
	dead   = 'X'
)

// exiting is PF_EXITING: the kernel sets it on a process that is exiting before
// it closes its files.
const exiting = 0x4

// Ending reports whether the process with this pid is about to exit, has exited
// or is gone. It returns false if the system does not tell.
func Ending(pid int) bool {
	p, err := Read(pid)
	if errors.Is(err, os.ErrNotExist) {
		_, err = Self()
		return err == nil
	}
	return err == nil && p.Ending()
}

// Ending reports whether the process was about to exit, or had exited: it no
// longer has an environment.
func (p *Process) Ending() bool { return p.Flags&exiting != 0 || p.Ended() }

// Ended reports whether the process had exited.
func (p *Process) Ended() bool { return p.State == zombie || p.State == dead }

// Self looks at this process.
func Self() (Process, error) { return Read(os.Getpid()) }

// Lives reports whether the process with this pid and start time is still
// running.
func Lives(pid int, start uint64) bool {
	p, err := Read(pid)
	return err == nil && p.Start == start && !p.Ended()
}
