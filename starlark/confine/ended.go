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

// A Cause is the reason why a confined process has ended.
type Cause int

// These are the causes.
const (
	Crashed       Cause = iota // the program failed
	Killed                     // by a signal
	TooMuchMemory              // it exceeded the memory limit
	TooDeep                    // it exceeded the stack limit
	TooLong                    // it exceeded the time limit
	Stuck                      // it did not end within Options.Limit, and was killed
	Unkillable                 // it did not even end when it was killed
	TooScarce                  // a limit of the system left it no memory to run at all
	TooFewThreads              // the system started no more threads
)

// codeLimit is the diagnostic code for a configuration that exceeds a limit.
const codeLimit = "L017"

// An Ended says why a confined process did not exit on its own.
type Ended struct {
	Cause   Cause
	Doing   string // the current step, such as "evaluating"; "" if it had not begun
	File    string // the file of that step
	Limit   time.Duration
	Memory  uint64 // the memory limit, in bytes
	Signal  syscall.Signal
	Words   []string // the first lines of the runtime's final output
	Printed string   // the output of the configuration so far

	scarcity, advice string // set for TooScarce
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
		return fmt.Sprintf("%s took more than %d MiB of stack: something in it is nested too deeply", what, stack>>20)
	case TooLong:
		return fmt.Sprintf("%s takes longer than %s", what, e.Limit)
	case Stuck:
		return fmt.Sprintf("%s has not ended within %s: its process hung and was killed", what, e.Limit)
	case Unkillable:
		return fmt.Sprintf("%s has not ended within %s: its process hangs and cannot be killed", what, e.Limit)
	case TooScarce:
		return fmt.Sprintf("%s got no memory from the system: %s", what, e.scarcity)
	case TooFewThreads:
		return what + " failed: the system lets ldcorn start no more threads"
	case Killed:
		return fmt.Sprintf("%s was ended by a signal: %s", what, e.Signal)
	}
	return fmt.Sprintf("%s made ldcorn fail (this is a bug)", what)
}

func (e *Ended) hint() string {
	switch e.Cause {
	case TooMuchMemory:
		return "a list, a string or a loop in it may be larger than intended; the limit is half of the free memory, and at most 512 MiB"
	case TooDeep:
		return "split expressions, lists or JSON texts that are nested within each other thousands of times"
	case TooLong:
		return e.slow()
	case TooScarce:
		return e.advice
	case TooFewThreads:
		return shortage.Text(unix.EAGAIN)
	case Stuck, Unkillable:
		return "a STOP signal, a frozen cgroup or a file system that does not respond, such as NFS, can hang a process; remove the cause and try again"
	case Killed:
		if e.Signal == syscall.SIGKILL {
			return "the machine may be short of memory; try again"
		}
		return "something sent it that signal; try again"
	}
	return ""
}

// slow returns a hint about what may take long if no loop of the configuration
// was stopped by its own limit.
func (e *Ended) slow() string {
	switch e.Doing {
	case "reading", "formatting", "rewriting":
		return "the file may be too large or nested too deeply; split it into files that it loads, or try again if the machine or the file system is slow"
	case "checking":
		return "it may have too many groups, routes or values; reduce them, or try again if the machine is busy"
	}
	return "a loop, or a range that a function goes through, may be longer than intended"
}

// Report returns the error as a report about the configuration, without the
// text of its file.
func (e *Ended) Report() *diag.Report {
	d := diag.Diagnostic{
		Code: codeLimit, Severity: diag.Error, Span: diag.Span{File: e.File},
		Message: e.message(), Hint: e.hint(), Detail: e.Words,
	}
	if lines := strings.Split(strings.TrimRight(e.Printed, "\n"), "\n"); lines[0] != "" {
		const shown = 5
		d.Detail = append(d.Detail, "the end of its output:")
		d.Detail = append(d.Detail, lines[max(0, len(lines)-shown):]...)
	}
	return &diag.Report{Diagnostics: []diag.Diagnostic{d}}
}
