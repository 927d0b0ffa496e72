// Package proc looks at the processes of this machine by way of /proc, and
// signals one only if it is still the one that was looked at.
package proc

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// A Process is what the kernel says of a process at one moment.
type Process struct {
	PID     int
	Parent  int
	Group   int
	Session int
	TTY     int    // device number of the controlling terminal; 0 = none
	Start   uint64 // clock ticks since boot: with the pid, it names one process for ever
	State   byte
	Flags   uint // PF_* of the kernel's sched.h
}

// The states of a process that has ended.
const (
	zombie = 'Z' // it waits for its parent to notice
	dead   = 'X'
)

// exiting is PF_EXITING: the process is ending, which it says before it closes
// its files.
const exiting = 0x4

// Ending reports whether the process with this pid is about to end, has ended
// or is gone. It reports false where /proc cannot be read.
func Ending(pid int) bool {
	p, err := Read(pid)
	if errors.Is(err, os.ErrNotExist) {
		_, err = Self()
		return err == nil
	}
	return err == nil && p.Ending()
}

// Ending reports whether the process was about to end, or had ended: it has no
// environment any more.
func (p *Process) Ending() bool { return p.Flags&exiting != 0 || p.Ended() }

// Ended reports whether the process had ended.
func (p *Process) Ended() bool { return p.State == zombie || p.State == dead }

// Read looks at a process. The error is fs.ErrNotExist if there is none.
func Read(pid int) (Process, error) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		if errors.Is(err, unix.ESRCH) { // it ended between open and read
			err = os.ErrNotExist
		}
		return Process{}, err
	}
	return parse(pid, data)
}

// parse reads /proc/PID/stat, see proc_pid_stat(5). The second field is the
// program's name in parentheses, and may hold anything.
func parse(pid int, data []byte) (Process, error) {
	_, rest, _ := strings.Cut(string(data[max(0, bytes.LastIndexByte(data, ')')):]), " ")
	fields := strings.Fields(rest) // from the third field on
	if len(fields) < 20 {
		return Process{}, fmt.Errorf("/proc/%d/stat: got %d fields", pid, len(fields))
	}
	var errs [6]error
	number := func(i, field int) int {
		n, err := strconv.Atoi(fields[field])
		errs[i] = err
		return n
	}
	p := Process{
		PID: pid, State: fields[0][0],
		Parent: number(0, 1), Group: number(1, 2), Session: number(2, 3), TTY: number(3, 4),
	}
	flags, err := strconv.ParseUint(fields[6], 10, 32)
	p.Flags, errs[5] = uint(flags), err
	p.Start, errs[4] = strconv.ParseUint(fields[19], 10, 64)
	return p, errors.Join(errs[:]...)
}

// Self looks at this process.
func Self() (Process, error) { return Read(os.Getpid()) }

// Lives reports whether the process with this pid and start time still runs.
func Lives(pid int, start uint64) bool {
	p, err := Read(pid)
	return err == nil && p.Start == start && !p.Ended()
}

// All looks at every process that there is, in the order of their pids, those
// that have ended left out. There are none where there is no /proc.
func All() []Process {
	entries, _ := os.ReadDir("/proc")
	all := make([]Process, 0, len(entries))
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		if p, err := Read(pid); err == nil && !p.Ended() { // else it has just gone
			all = append(all, p)
		}
	}
	return all
}

// Env returns a variable of the environment that the process was started
// with, and whether it has one. What we may not read has none.
func (p *Process) Env(name string) (string, bool) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", p.PID))
	if err != nil {
		return "", false
	}
	for kv := range bytes.SplitSeq(data, []byte{0}) {
		if value, ok := strings.CutPrefix(string(kv), name+"="); ok {
			return value, true
		}
	}
	return "", false
}

// UID returns the effective user of the process; -1 if it has ended.
func (p *Process) UID() int {
	var st unix.Stat_t
	if unix.Stat(fmt.Sprintf("/proc/%d", p.PID), &st) != nil {
		return -1
	}
	return int(st.Uid)
}

// SameNamespace reports whether the process has the same pid namespace as we
// have. In another one, such as a container's, the pids that it tells of are
// not ours.
func (p *Process) SameNamespace() bool {
	ours, err1 := os.Readlink("/proc/self/ns/pid")
	its, err2 := os.Readlink(fmt.Sprintf("/proc/%d/ns/pid", p.PID))
	return err1 == nil && err2 == nil && ours == its
}

// Signal signals the process, and no other that has got its pid since. The
// error is os.ErrProcessDone if it has ended.
func (p *Process) Signal(sig unix.Signal) error {
	fd, err := unix.PidfdOpen(p.PID, 0)
	switch {
	case errors.Is(err, unix.ESRCH):
		return os.ErrProcessDone
	case err != nil: // the kernel has no pid descriptors: there is a gap, and no better way
		if !Lives(p.PID, p.Start) {
			return os.ErrProcessDone
		}
		return unix.Kill(p.PID, sig)
	}
	defer unix.Close(fd)
	// The descriptor is of whoever had the pid when it was opened. If ours has
	// it still, it had it then.
	if !Lives(p.PID, p.Start) {
		return os.ErrProcessDone
	}
	if err = unix.PidfdSendSignal(fd, sig, nil, 0); errors.Is(err, unix.ESRCH) {
		return os.ErrProcessDone
	}
	return err
}
