//go:build linux

package main

import (
	"cmp"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/ldcorn/ldcorn/engine/proc"
	"github.com/prometheus/procfs"
	"github.com/rogpeppe/go-internal/testscript"
)

// process is a living process that a script started, itself or through
// ldcorn.
type process struct {
	pid   int
	group string // LDCORN_GROUP, "" in a process that is no worker
	index string // LDCORN_WORKER
}

func (p process) kill() { _ = syscall.Kill(p.pid, syscall.SIGKILL) } // gone already is as well

func (p process) String() string { return fmt.Sprintf("%s %s %d", p.group, p.index, p.pid) }

// processes finds every living process of the script by the mark in its
// environment, which children inherit also when their parent has died.
func (s *script) processes() []process {
	procs, _ := procfs.AllProcs()
	var out []process
	for _, found := range procs {
		vars, _ := found.Environ() // empty if the process has just ended
		if !slices.Contains(vars, s.mark) {
			continue
		}
		p := process{pid: found.PID}
		for _, v := range vars {
			if value, ok := strings.CutPrefix(v, "LDCORN_GROUP="); ok {
				p.group = value
			}
			if value, ok := strings.CutPrefix(v, "LDCORN_WORKER="); ok {
				p.index = value
			}
		}
		out = append(out, p)
	}
	slices.SortFunc(out, func(a, b process) int {
		return cmp.Or(cmp.Compare(a.group, b.group), cmp.Compare(len(a.index), len(b.index)),
			cmp.Compare(a.index, b.index), cmp.Compare(a.pid, b.pid))
	})
	return out
}

// workers waits until exactly N worker processes live, of one group or of
// all, and prints them one a line, sorted, as "GROUP INDEX PID":
//
//	workers [GROUP] N
func cmdWorkers(ts *testscript.TestScript, neg bool, args []string) {
	noNeg(ts, neg, "workers")
	if len(args) < 1 || len(args) > 2 {
		ts.Fatalf("usage: workers [GROUP] N")
	}
	group := ""
	if len(args) == 2 {
		group = args[0]
	}
	want, err := strconv.Atoi(args[len(args)-1])
	ts.Check(err)
	var found []process
	ok := until(func() bool {
		found = slices.DeleteFunc(of(ts).processes(), func(p process) bool {
			return p.group == "" || group != "" && p.group != group
		})
		return len(found) == want
	})
	for _, p := range found {
		fmt.Fprintln(ts.Stdout(), p)
	}
	if !ok {
		ts.Fatalf("%d workers live, want %d", len(found), want)
	}
}

// gone waits until processes are no more:
//
//	gone PID...
func cmdGone(ts *testscript.TestScript, neg bool, args []string) {
	noNeg(ts, neg, "gone")
	for _, arg := range args {
		pid, err := strconv.Atoi(arg)
		ts.Check(err)
		if !until(func() bool { return !alive(pid) }) {
			ts.Fatalf("process %d still lives", pid)
		}
	}
}

// alive reports whether a process runs; one that has ended and waits for its
// parent to notice does not.
func alive(pid int) bool {
	p, err := proc.Read(pid)
	return err == nil && !p.Ended()
}

// clean waits until nothing of the script is left: no process, and no socket
// in the runtime directory. With -sockets it looks at the sockets alone.
//
//	clean [-sockets]
func cmdClean(ts *testscript.TestScript, neg bool, args []string) {
	noNeg(ts, neg, "clean")
	s := of(ts)
	var left []string
	look := func() bool {
		left = s.leftSockets()
		if !slices.Equal(args, []string{"-sockets"}) {
			for _, p := range s.processes() {
				left = append(left, fmt.Sprintf("process %d (%s)", p.pid, p.group))
			}
		}
		return len(left) == 0
	}
	if !until(look) {
		ts.Fatalf("left over: %s", strings.Join(left, ", "))
	}
}

func (s *script) leftSockets() []string {
	var out []string
	// What vanishes during the walk is what one hopes for.
	_ = filepath.WalkDir(s.runDir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type()&fs.ModeSocket != 0 {
			out = append(out, path)
		}
		return nil
	})
	return out
}
