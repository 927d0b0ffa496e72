//go:build linux

package harness

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"syscall"

	"github.com/prometheus/procfs"

	"github.com/ldcorn/ldcorn/engine/proc"
)

// A Process is a living process that a test has started, directly or through
// ldcorn.
type Process struct {
	PID   int
	Group string // LDCORN_GROUP; "" if the process is not a worker
	Seat  string // LDCORN_WORKER
}

// Kill kills the process unless it has already ended.
func (p Process) Kill() { _ = syscall.Kill(p.PID, syscall.SIGKILL) }

// String returns "GROUP SEAT PID".
func (p Process) String() string { return fmt.Sprintf("%s %s %d", p.Group, p.Seat, p.PID) }

// Processes finds every living process that has a mark, NAME=VALUE, in its
// environment. Children inherit the mark, even if their parent has died. The
// result is sorted by group, seat and pid.
func Processes(mark string) []Process {
	procs, _ := procfs.AllProcs()
	var out []Process
	for _, found := range procs {
		vars, _ := found.Environ() // empty if the process has just ended
		if !slices.Contains(vars, mark) {
			continue
		}
		p := Process{PID: found.PID}
		for _, v := range vars {
			if value, ok := strings.CutPrefix(v, "LDCORN_GROUP="); ok {
				p.Group = value
			}
			if value, ok := strings.CutPrefix(v, "LDCORN_WORKER="); ok {
				p.Seat = value
			}
		}
		out = append(out, p)
	}
	slices.SortFunc(out, func(a, b Process) int {
		return cmp.Or(cmp.Compare(a.Group, b.Group), cmp.Compare(len(a.Seat), len(b.Seat)),
			cmp.Compare(a.Seat, b.Seat), cmp.Compare(a.PID, b.PID))
	})
	return out
}

// Alive reports whether a process is running. A process that has ended and that
// its parent has not reaped does not count.
func Alive(pid int) bool {
	p, err := proc.Read(pid)
	return err == nil && !p.Ended()
}
