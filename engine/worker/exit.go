package worker

import (
	"fmt"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/ldcorn/ldcorn/engine/plan"
)

// startupFailed is Uvicorn's exit code for an app that did not start, since
// 0.50; before that it was 0, 1 or 3.
const startupFailed = 3

// shellTerminated is the exit code of a shell whose command was terminated by
// SIGTERM.
const shellTerminated = 128 + int(syscall.SIGTERM)

// An Exit describes how and why a worker exited.
type Exit struct {
	Code     int            // -1 if a signal killed it
	Signal   syscall.Signal // 0 if it exited on its own
	CoreDump bool
	Ready    bool // it had become ready
	Asked    bool // ldcorn told it to stop
	Forced   bool // ldcorn sent SIGKILL: it did not stop in time, or was not given time
	NotOOM   bool // the kernel says that it has killed no process for lack of memory since this one started
	// MemoryMax is memory_max if the kernel has killed the worker, or a child of it and
	// with it the worker, because they had reached that; otherwise 0.
	MemoryMax int64    // bytes
	Stderr    []string // last lines, oldest first
}

// Clean reports whether the worker exited because, and in the way, it was told
// to.
func (e Exit) Clean() bool {
	return e.Asked && !e.Forced && (e.Code == 0 || e.Signal == syscall.SIGTERM || e.Code == shellTerminated)
}

// String returns a short reason why the worker exited.
func (e Exit) String() string {
	switch {
	case e.Clean():
		return "stopped"
	case e.Forced && e.Signal == syscall.SIGKILL:
		return "killed before it stopped"
	case e.Signal != 0:
		return e.signaled()
	case !e.Ready && e.Code == startupFailed:
		return "exit code 3: startup failed"
	case !e.Ready:
		return fmt.Sprintf("exit code %d before it was ready", e.Code)
	case e.Asked:
		return fmt.Sprintf("exit code %d while stopping", e.Code)
	}
	return fmt.Sprintf("exit code %d", e.Code)
}

func (e Exit) signaled() string {
	var b strings.Builder
	fmt.Fprintf(&b, "killed by signal %d", int(e.Signal))
	if name := unix.SignalName(e.Signal); name != "" {
		fmt.Fprintf(&b, " (%s)", name)
	}
	if e.CoreDump {
		b.WriteString(", core dumped")
	}
	switch {
	case e.MemoryMax > 0:
		fmt.Fprintf(&b, ": killed for memory_max (%s)", strings.Trim(plan.Bytes(e.MemoryMax).String(), `"`))
	case e.Signal == syscall.SIGKILL && !e.Asked && !e.NotOOM:
		b.WriteString(": out of memory?")
	}
	return b.String()
}
