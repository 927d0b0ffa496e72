// Package confine runs what a configuration may ask for in a child process: the
// program itself, started once more, with limits of memory, stack and time. A
// configuration that exceeds one, or that brings the interpreter down, takes
// that process with it and not the one that asked.
//
// Enter is for the child, Run is for its parent.
package confine

import "time"

// The limits of a confined process, but for that of memory.
const (
	stack    = 64 << 20 // bytes of one stack; Go's own limit is 16 times as much
	slack    = time.Second
	maxPrint = 64 << 10 // bytes of print that are kept for an error
	maxCrash = 64 << 10 // bytes of the runtime's last words
)

// purpose is the variable that tells the child what it is. The child removes it
// from its environment.
const purpose = "LDCORN_CONFINED"

// The descriptors that a confined process inherits besides the usual three. Its
// descriptor 2 is for the Go runtime alone, whose last words would otherwise
// fill somebody's terminal.
const (
	stderrFD = 3
	notesFD  = 4
)

// A note is what a confined process tells its parent, one JSON object a line.
type note struct {
	Doing string        `json:"doing,omitempty"` // what it does from now on, as in "evaluating"
	File  string        `json:"file,omitempty"`  // with which file
	Over  string        `json:"over,omitempty"`  // the limit that it ends itself for
	Limit time.Duration `json:"limit,omitempty"` // which that was, of time
	Bytes uint64        `json:"bytes,omitempty"` // the limit of memory, said at the beginning
	Print string        `json:"print,omitempty"`
}

// The values of note.Over.
const (
	overMemory = "memory"
	overTime   = "time"
)
