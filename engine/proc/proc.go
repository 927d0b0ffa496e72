// Package proc looks at the processes of this machine through /proc, and
// signals a process only if it is still the one that was looked at.
package proc

import (
	"errors"
	"fmt"
	"os"
	"sort"
	"strings"
	"sync"

	"github.com/prometheus/procfs"
	"golang.org/x/sys/unix"
)

// A Process is what the kernel reports about a process at one moment.
type Process struct {
	PID     int
	Parent  int
	Group   int
	Session int
	TTY     int    // device number of the controlling terminal; 0 if none
	Start   uint64 // clock ticks since boot; with the pid, it identifies one process for all time
	State   byte
	Flags   uint // PF_* of the kernel's sched.h
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
// or is gone. It returns false if /proc cannot be read.
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

// mounted returns /proc, or an error if the system has none.
var mounted = sync.OnceValues(procfs.NewDefaultFS)

// Read looks at a process. The error is fs.ErrNotExist if there is none.
func Read(pid int) (Process, error) {
	fs, err := mounted()
	if err != nil {
		return Process{}, err
	}
	p, err := fs.Proc(pid)
	if err != nil {
		return Process{}, err
	}
	return read(p)
}

// read looks at a process that procfs has found.
func read(p procfs.Proc) (Process, error) {
	stat, err := p.Stat()
	if errors.Is(err, unix.ESRCH) { // it exited between open and read
		err = os.ErrNotExist
	}
	if err != nil {
		return Process{}, err
	}
	return Process{
		PID: p.PID, Parent: stat.PPID, Group: stat.PGRP, Session: stat.Session, TTY: stat.TTY,
		Start: stat.Starttime, State: stat.State[0], Flags: stat.Flags,
	}, nil
}

// Self looks at this process.
func Self() (Process, error) { return Read(os.Getpid()) }

// Lives reports whether the process with this pid and start time is still
// running.
func Lives(pid int, start uint64) bool {
	p, err := Read(pid)
	return err == nil && p.Start == start && !p.Ended()
}

// All looks at every process that has not exited, in the order of their pids.
// It returns none if there is no /proc.
func All() []Process {
	procs, _ := procfs.AllProcs()
	sort.Sort(procs)
	all := make([]Process, 0, len(procs))
	for _, found := range procs {
		if p, err := read(found); err == nil && !p.Ended() { // otherwise it has just exited
			all = append(all, p)
		}
	}
	return all
}

// Env returns a variable of the environment that the process was started with,
// and whether it has one. A process whose environment we cannot read has none.
func (p *Process) Env(name string) (string, bool) {
	fs, err := mounted()
	if err != nil {
		return "", false
	}
	found, err := fs.Proc(p.PID)
	if err != nil {
		return "", false
	}
	env, _ := found.Environ() // empty if there is an error
	for _, kv := range env {
		if value, ok := strings.CutPrefix(kv, name+"="); ok {
			return value, true
		}
	}
	return "", false
}

// UID returns the effective user of the process, or -1 if it has exited.
func (p *Process) UID() int {
	var st unix.Stat_t
	if unix.Stat(fmt.Sprintf("/proc/%d", p.PID), &st) != nil {
		return -1
	}
	return int(st.Uid)
}

// SameNamespace reports whether the process is in our pid namespace. In another
// one, such as a container's, the pids that it names are not ours. (procfs
// reads all namespaces or none, and some cannot be read for every process.)
func (p *Process) SameNamespace() bool {
	ours, err1 := os.Readlink("/proc/self/ns/pid")
	its, err2 := os.Readlink(fmt.Sprintf("/proc/%d/ns/pid", p.PID))
	return err1 == nil && err2 == nil && ours == its
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
