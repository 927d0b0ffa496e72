//go:build linux

package script

import (
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/ldcorn/ldcorn/cmd/ldcorn/internal/harness"
)

// processes finds every living process of the script.
func (s *script) processes() []harness.Process { return harness.Processes(s.mark) }

// workers waits until exactly N worker processes are alive, of one group or of
// all, and prints them, one per line, sorted, as "GROUP INDEX PID":
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
	var found []harness.Process
	ok := harness.Until(func() bool {
		found = slices.DeleteFunc(of(ts).processes(), func(p harness.Process) bool {
			return p.Group == "" || group != "" && p.Group != group
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

// gone waits until processes have ended:
//
//	gone PID...
func cmdGone(ts *testscript.TestScript, neg bool, args []string) {
	noNeg(ts, neg, "gone")
	for _, arg := range args {
		pid, err := strconv.Atoi(arg)
		ts.Check(err)
		if !harness.Until(func() bool { return !harness.Alive(pid) }) {
			ts.Fatalf("process %d still lives", pid)
		}
	}
}

// clean waits until nothing of the script is left: no process, and no socket in
// the runtime directory. With -sockets, it checks only the sockets.
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
				left = append(left, fmt.Sprintf("process %d (%s)", p.PID, p.Group))
			}
		}
		return len(left) == 0
	}
	if !harness.Until(look) {
		ts.Fatalf("left over: %s", strings.Join(left, ", "))
	}
}

func (s *script) leftSockets() []string {
	var out []string
	// Files can disappear during the walk, which is fine.
	_ = filepath.WalkDir(s.runDir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type()&fs.ModeSocket != 0 {
			out = append(out, path)
		}
		return nil
	})
	return out
}
