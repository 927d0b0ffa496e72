package supervisor

import (
	"fmt"
	"strings"
)

// A StartError says which worker did not become ready, and why.
type StartError struct {
	Group  string
	Worker int // index
	All    int // number of workers if all of several failed, otherwise 0
	Err    error
	Stderr []string // last lines, oldest first
}

// Error returns one line, followed by the worker's last lines if there are any.
func (e *StartError) Error() string {
	if len(e.Stderr) == 0 {
		return e.Summary()
	}
	return e.Summary() + "; it wrote:\n    " + strings.Join(e.Stderr, "\n    ")
}

// Summary returns the error without the worker's lines.
func (e *StartError) Summary() string {
	if e.All > 0 {
		return fmt.Sprintf("group %q: all %d workers failed to start; worker %d: %v", e.Group, e.All, e.Worker, e.Err)
	}
	return fmt.Sprintf("group %q: worker %d: %v", e.Group, e.Worker, e.Err)
}

// Attrs returns the attributes for a log line about the error: err and, if
// there are any, the worker's lines as one text under stderr.
func (e *StartError) Attrs() []any {
	out := []any{"err", e.Err}
	if len(e.Stderr) > 0 {
		out = append(out, "stderr", strings.Join(e.Stderr, "\n"))
	}
	return out
}

func (e *StartError) Unwrap() error { return e.Err }
