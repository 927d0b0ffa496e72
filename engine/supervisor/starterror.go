package supervisor

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ldcorn/ldcorn/engine/visible"
	"github.com/ldcorn/ldcorn/engine/worker"
)

// A StartError says which worker did not become ready, or which command before it
// failed, and why.
type StartError struct {
	Group   string
	Worker  int    // index; of the last one, if all have failed
	All     int    // number of workers if all of several failed, otherwise 0
	Command string // the command line, which may hold secrets; "" for a worker
	Program string // of the command
	Err     error
	Hint    string   // what to do about Err; "" if nothing is known
	Stderr  []string // last lines, oldest first; only who may read the log may read them
}

// maxLastLine is how much of a worker's last line an error shows.
const maxLastLine = 200 // bytes

// addLine adds a line to those of the worker, unless it is empty or one of them.
func (e *StartError) addLine(line string) {
	line = visible.Cut(line, maxLastLine)
	if line != "" && !slices.Contains(e.Stderr, line) {
		e.Stderr = append(slices.Clip(e.Stderr), line)
	}
}

// Error returns one line, followed by the worker's last lines and the hint, if
// there are any.
func (e *StartError) Error() string {
	text := e.Summary()
	if len(e.Stderr) > 0 {
		text += "; it wrote:\n    " + strings.Join(e.Stderr, "\n    ")
	}
	return text + e.hint()
}

// Brief returns the error with only that of the worker's last lines that says
// what is wrong.
func (e *StartError) Brief() string {
	text := e.Summary()
	if said := worker.LastWord(e.Stderr); said != "" {
		text += "; it wrote: " + said
	}
	return text + e.hint()
}

func (e *StartError) hint() string {
	if e.Hint == "" {
		return ""
	}
	return "\nhint: " + e.Hint
}

// Summary returns the error without the worker's lines.
func (e *StartError) Summary() string {
	if e.Command != "" {
		return fmt.Sprintf("before_start failed: %s: %v", e.Command, e.Err)
	}
	if e.All > 0 {
		return fmt.Sprintf("group %q: all %d workers failed to start; the last error: %v", e.Group, e.All, e.Err)
	}
	return fmt.Sprintf("group %q: worker %d: %v", e.Group, e.Worker, e.Err)
}

// Public returns the text of an error that contains e as anybody may know it: in one line,
// with the program alone of a command.
func (e *StartError) Public(text string) string {
	if e.Command != "" {
		text = strings.ReplaceAll(text, e.Command, e.Program)
	}
	return visible.FirstLine(text)
}

// Attrs returns the attributes for a log line about the error: err and, if
// there are any, hint and the worker's lines as one text under stderr.
func (e *StartError) Attrs() []any {
	out := e.attrs()
	if len(e.Stderr) > 0 {
		out = append(out, "stderr", strings.Join(e.Stderr, "\n"))
	}
	return out
}

// attrs is Attrs for a line about one of several tries: it omits the worker's
// lines.
func (e *StartError) attrs() []any {
	if e.Hint == "" {
		return []any{"err", e.Err}
	}
	return []any{"err", e.Err, "hint", e.Hint}
}

func (e *StartError) Unwrap() error { return e.Err }
