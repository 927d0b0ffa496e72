package supervisor

import (
	"fmt"
	"strings"
)

// A StartError says which worker did not become ready, and why.
type StartError struct {
	Pool   string
	Worker int // index
	Err    error
	Stderr []string // its last lines, oldest first
}

// Error is one line, followed by the worker's last lines if there are any.
func (e *StartError) Error() string {
	if len(e.Stderr) == 0 {
		return e.Summary()
	}
	return e.Summary() + "; it wrote:\n    " + strings.Join(e.Stderr, "\n    ")
}

// Summary is the error without the worker's lines.
func (e *StartError) Summary() string {
	return fmt.Sprintf("pool %q: worker %d: %v", e.Pool, e.Worker, e.Err)
}

func (e *StartError) Unwrap() error { return e.Err }
