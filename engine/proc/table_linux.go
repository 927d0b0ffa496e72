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
