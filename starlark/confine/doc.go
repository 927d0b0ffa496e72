// Package confine evaluates configurations in a child process: the program
// itself, started again with limits on memory, stack and time. A configuration
// that exceeds a limit or crashes the interpreter ends the child and not the
// parent.
//
// The child calls Enter, and the parent calls Run.
package confine

import "time"

// These are the limits of a confined process, except for memory.
const (
	stack    = 64 << 20 // bytes of one stack; Go's own limit is 16 times as much
	slack    = time.Second
	maxPrint = 64 << 10 // bytes of print output kept for an error
	maxCrash = 64 << 10 // bytes of the runtime's final output
)

// purpose is the environment variable that tells the child its purpose. The
// child removes it from its environment.
const purpose = "LDCORN_CONFINED"

// These are the descriptors that a confined process inherits in addition to the
// usual three. Its descriptor 2 is only for the Go runtime, whose final output
// would otherwise fill the terminal.
const (
	stderrFD = 3
	notesFD  = 4
)

// A note is a message from a confined process to its parent. Each is one line
// with a JSON object.
type note struct {
	Doing string        `json:"doing,omitempty"` // the step that begins, as in "evaluating"
	File  string        `json:"file,omitempty"`  // the file of that step
	Over  string        `json:"over,omitempty"`  // the limit for which the process ends itself
	Limit time.Duration `json:"limit,omitempty"` // the value of a time limit
	Bytes uint64        `json:"bytes,omitempty"` // the memory limit, sent at the start
	Print string        `json:"print,omitempty"`
}

// These are the values of note.Over.
const (
	overMemory = "memory"
	overTime   = "time"
)
