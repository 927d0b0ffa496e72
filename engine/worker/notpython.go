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

	"github.com/ldcorn/ldcorn/engine/visible"
)

// maxQuoted is how much of what a program has said is shown.
const maxQuoted = 100 // bytes

// mayBePython reports whether an interpreter that has not answered the probe
// is a Python all the same, such as one that is broken.
func mayBePython(path, stderr string) bool {
	if readByPython(path) {
		return false
	}
	name := filepath.Base(path)
	return strings.Contains(name, "python") || strings.Contains(name, "pypy") ||
		strings.Contains(stderr, "Traceback (most recent call last)") || strings.Contains(stderr, "Fatal Python error")
}

// CheckPython says that an interpreter is no Python, or cannot be started.
// Whatever else is wrong with it, it will say itself.
func CheckPython(ctx context.Context, python Interpreter) error {
	said, err := askFacts(ctx, python, "", nil)
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

// notPython is the error about a program that is no Python: it ended with err,
// which may be nil.
func notPython(python Interpreter, said Answer, err error) error {
	why := "it was asked for its version and said " + brief(said.Stdout+said.Stderr)
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		why = exit.ProcessState.String()
		if line := firstLine(withoutScript(said.Stderr)); line != "" {
			why += ": " + line
		}
	}
	return fmt.Errorf("%v is not a Python interpreter (%s)%s%s", python, why, besidePython(python.Path), python.hint())
}

// withoutScript is what a program has printed without the script of ours that
// it took for something else and printed, be it in quotes and with escapes.
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

// firstLine is the first line that says something, or the beginning of it.
func firstLine(s string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(s), "\n")
	return visible.Cut(strings.TrimSpace(line), maxQuoted)
}

// besidePython names the interpreter in the folder of a program that a virtual
// environment has for its user, such as uvicorn.
func besidePython(path string) string {
	dir := filepath.Dir(path)
	if _, err := os.Stat(filepath.Join(dir, "..", "pyvenv.cfg")); err != nil && !readByPython(path) {
		return ""
	}
	for _, name := range []string{"python", "python3"} {
		if found, err := runnable(filepath.Join(dir, name)); err == nil {
			return fmt.Sprintf("; the interpreter is beside it: python=%q", found)
		}
	}
	return ""
}

// readByPython reports whether the file is a script in Python, by its #! line.
// The line of one with a long path starts a shell, and the next one Python.
func readByPython(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	begin := make([]byte, 512)
	n, _ := io.ReadFull(f, begin) // a short one is fine
	first, rest, _ := strings.Cut(string(begin[:n]), "\n")
	second, _, _ := strings.Cut(rest, "\n")
	if !strings.HasPrefix(first, "#!") {
		return false
	}
	return strings.Contains(filepath.Base(lastWord(first)), "python") ||
		strings.HasPrefix(second, "'''exec'") && strings.Contains(second, "python")
}

// lastWord is the interpreter of a line such as "#!/usr/bin/env python3".
func lastWord(line string) string {
	words := strings.Fields(strings.TrimPrefix(line, "#!"))
	for i := len(words) - 1; i >= 0; i-- {
		if !strings.HasPrefix(words[i], "-") {
			return words[i]
		}
	}
	return ""
}
