package worker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/visible"
)

// maxQuoted is how much of a program's output an error shows.
const maxQuoted = 100 // bytes

// mayBePython reports whether an interpreter that did not answer the probe may
// be Python all the same, for example a broken one.
func mayBePython(path, stderr string) bool {
	if readByPython(path) {
		return false
	}
	name := filepath.Base(path)
	return strings.Contains(name, "python") || strings.Contains(name, "pypy") ||
		strings.Contains(stderr, "Traceback (most recent call last)") || strings.Contains(stderr, "Fatal Python error")
}

// CheckPython returns an error if an interpreter is not Python or cannot be
// started. It leaves other faults to Python itself to report.
func CheckPython(ctx context.Context, python Interpreter) error {
	said, err := askFacts(ctx, python, new(plan.Group), nil)
	_, _, answered := parseFacts(said.Stdout)
	var exit *exec.ExitError
	switch ended := err == nil || errors.As(err, &exit); {
	case answered, ended && mayBePython(python.Path, said.Stderr):
		return nil
	case ended:
		return notPython(python, said, err)
	}
	return fmt.Errorf("start %v: %w%s", python, err, python.hint())
}

// notPython returns the error for a program that is not Python. err is the
// error that it exited with, or nil.
func notPython(python Interpreter, said Answer, err error) error {
	why := "it was asked for its version and said " + brief(said.Stdout+said.Stderr)
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		why = exit.ProcessState.String()
		if line := firstLine(withoutScript(said.Stderr)); line != "" {
			why += ": " + line
		}
	}
	instead := besidePython(python.Path)
	if instead == "" && len(python.Passed) == 0 {
		instead = `; name an interpreter, such as python="/usr/bin/python3" or python=".venv/bin/python"`
	}
	return fmt.Errorf("%v is not a Python interpreter (%s)%s%s", python, why, instead, python.hint())
}

// withoutScript removes our script from the output of a program that mistook it
// for something else and printed it, even quoted or with escapes.
func withoutScript(s string) string {
	begin, _, _ := strings.Cut(probeScript, "\n")
	var out strings.Builder
	for line := range strings.Lines(s) {
		if before, _, found := strings.Cut(line, begin); found {
			out.WriteString(strings.TrimRight(before, " '\"$`‘“") + " …\n")
			break // the rest of the script follows
		}
		out.WriteString(line)
	}
	return out.String()
}

// firstLine returns the first non-empty line, cut to maxQuoted.
func firstLine(s string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(s), "\n")
	return visible.Cut(strings.TrimSpace(line), maxQuoted)
}

// besidePython returns a hint that names the interpreter next to a program that
// a virtual environment provides, such as uvicorn.
func besidePython(path string) string {
	dir := filepath.Dir(path)
	if _, err := os.Stat(filepath.Join(dir, "..", "pyvenv.cfg")); err != nil && !readByPython(path) {
		return ""
	}
	for _, name := range []string{"python", "python3"} {
		if found, err := runnable(filepath.Join(dir, name)); err == nil {
			return fmt.Sprintf("; the interpreter is next to it: python=%q", found)
		}
	}
	return ""
}

// readByPython reports whether the file is a Python script, according to its #!
// line. If the path of the interpreter is long, that line starts a shell, and
// the next line starts Python.
func readByPython(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	begin := make([]byte, 512)
	n, _ := io.ReadFull(f, begin) // a short file is fine
	first, rest, _ := strings.Cut(string(begin[:n]), "\n")
	second, _, _ := strings.Cut(rest, "\n")
	if !strings.HasPrefix(first, "#!") {
		return false
	}
	return strings.Contains(filepath.Base(lastWord(first)), "python") ||
		strings.HasPrefix(second, "'''exec'") && strings.Contains(second, "python")
}

// lastWord returns the interpreter named by a line such as "#!/usr/bin/env
// python3".
func lastWord(line string) string {
	words := strings.Fields(strings.TrimPrefix(line, "#!"))
	for i := len(words) - 1; i >= 0; i-- {
		if !strings.HasPrefix(words[i], "-") {
			return words[i]
		}
	}
	return ""
}
