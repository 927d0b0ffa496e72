package confine

import (
	"fmt"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ldcorn/ldcorn/engine/shortage"
	"github.com/ldcorn/ldcorn/starlark/diag"
)

// A Cause is why a confined process has ended.
type Cause int

// The causes.
const (
	Crashed       Cause = iota // the program failed
	Killed                     // by a signal
	TooMuchMemory              // it used more than it might
	TooDeep                    // it used more stack than there is
	TooLong                    // it used more time than it was given
	Stuck                      // it did not end within Options.Limit, and was killed
	Unkillable                 // nor did it end when it was killed
	TooScarce                  // a limit of the system left it no memory to run at all
	TooFewThreads              // the system started no more threads
)

// codeLimit is the code of a configuration that exceeds a limit.
const codeLimit = "L017"

// An Ended says why a confined process has not ended by itself.
type Ended struct {
	Cause   Cause
	Doing   string // what it was doing, such as "evaluating"; "" if it had not begun
	File    string // with which file
	Limit   time.Duration
	Memory  uint64 // the limit of it, in bytes
	Signal  syscall.Signal
	Words   []string // the first of the runtime's last ones
	Printed string   // what the configuration has printed by then

	scarcity, advice string // of TooScarce
}

func (e *Ended) Error() string {
	if e.File == "" {
		return e.message()
	}
	return e.File + ": " + e.message()
}

func (e *Ended) message() string {
	what := strings.TrimSpace(e.Doing + " it")
	if e.Doing == "" {
		what = "the process that evaluates it"
	}
	switch e.Cause {
	case TooMuchMemory:
		return fmt.Sprintf("%s took more than %d MiB of memory", what, e.Memory>>20)
	case TooDeep:
		return fmt.Sprintf("%s took more than %d MiB of stack: something in it is nested too deep", what, stack>>20)
	case TooLong:
		return fmt.Sprintf("%s takes longer than %s", what, e.Limit)
	case Stuck:
		return fmt.Sprintf("%s has not ended within %s: its process stood still and was killed", what, e.Limit)
	case Unkillable:
		return fmt.Sprintf("%s has not ended within %s: its process stands still, and cannot even be killed", what, e.Limit)
	case TooScarce:
		return fmt.Sprintf("%s got no memory from the system: %s", what, e.scarcity)
	case TooFewThreads:
		return what + " failed: the system starts no more threads for ldcorn"
	case Killed:
		return fmt.Sprintf("%s was ended by a signal: %s", what, e.Signal)
	}
	return fmt.Sprintf("%s made ldcorn fail (this is a bug)", what)
}

func (e *Ended) hint() string {
	switch e.Cause {
	case TooMuchMemory:
		return "a list, a string or a loop in it may be larger than meant; the limit is half of what is free, and 512 MiB at most"
	case TooDeep:
		return "split expressions, lists or JSON texts that are nested within each other thousands of times"
	case TooLong:
		return e.slow()
	case TooScarce:
		return e.advice
	case TooFewThreads:
		return shortage.Text(unix.EAGAIN)
	case Stuck, Unkillable:
		return "a STOP signal, a frozen cgroup or a file system that does not answer, such as NFS, holds a process up; try again when that is over"
	case Killed:
		if e.Signal == syscall.SIGKILL {
			return "the machine may be short of memory; try again"
		}
		return "somebody has sent it that signal; try again"
	}
	return ""
}

// slow says what may take long where no loop of the configuration has been
// stopped by its own limit.
func (e *Ended) slow() string {
	switch e.Doing {
	case "reading", "formatting", "rewriting":
		return "the file may be too large or nested too deep; split it into files that it loads, or try again if the machine or the file system is slow"
	case "checking":
		return "there may be very many groups, routes or values in it; have fewer, or try again if the machine is busy"
	}
	return "a loop, or a range that a function goes through, may be longer than intended"
}

// Report is the error as one about a configuration, which a text of its file
// cannot be shown with.
func (e *Ended) Report() *diag.Report {
	d := diag.Diagnostic{
		Code: codeLimit, Severity: diag.Error, Span: diag.Span{File: e.File},
		Message: e.message(), Hint: e.hint(), Detail: e.Words,
	}
	if lines := strings.Split(strings.TrimRight(e.Printed, "\n"), "\n"); lines[0] != "" {
		const shown = 5
		d.Detail = append(d.Detail, "the last that it printed:")
		d.Detail = append(d.Detail, lines[max(0, len(lines)-shown):]...)
	}
	return &diag.Report{Diagnostics: []diag.Diagnostic{d}}
}
