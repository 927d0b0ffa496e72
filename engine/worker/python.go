package worker

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/ldcorn/ldcorn/engine/plan"
)

// An Interpreter is the Python that runs a group's workers.
type Interpreter struct {
	Path string // absolute
	// Passed says why each earlier candidate was passed over, if that may
	// surprise the user.
	Passed []string
}

func (i Interpreter) String() string { return i.Path }

// Remarks returns a remark for each thing that works but is most likely
// unintended.
func (i Interpreter) Remarks(facts Facts) []string {
	var out []string
	if len(i.Passed) > 0 {
		out = append(out, strings.Join(i.Passed, ", and "))
	}
	if facts.Wrapped {
		out = append(out, fmt.Sprintf("%s starts Python as a child; write exec before its command, so that it becomes Python: until then a signal to the worker's pid does not reach Uvicorn", i.Path))
	}
	return out
}

// hint returns the end of an error about an interpreter that was found rather
// than named.
func (i Interpreter) hint() string {
	if len(i.Passed) == 0 {
		return ""
	}
	return " (it was chosen because " + strings.Join(i.Passed, ", and ") + ")"
}

// FindPython returns the interpreter that runs a group's workers: python= if it
// is given (a name is looked up on PATH, a relative path starts at configDir,
// the configuration's folder); otherwise that of $VIRTUAL_ENV; otherwise
// .venv/bin/python in configDir; otherwise that of the Python environment that ldcorn
// is installed in, if it has Uvicorn; otherwise python3 on PATH. It does not resolve
// symbolic links, because Python finds its virtual environment from the path
// that it was started with.
func FindPython(group *plan.Group, configDir string) (Interpreter, error) {
	if group.Python != "" {
		path, err := givenPython(group.Python, configDir)
		return Interpreter{Path: path}, err
	}
	var found Interpreter
	var tried []string
	if venv := os.Getenv("VIRTUAL_ENV"); venv != "" {
		path, err := runnable(filepath.Join(venv, "bin", "python"))
		if err == nil {
			return Interpreter{Path: path}, nil
		}
		found.Passed = append(found.Passed, fmt.Sprintf("$VIRTUAL_ENV is %s and %v", venv, err))
		tried = append(tried, "$VIRTUAL_ENV: "+err.Error())
	}
	path, err := runnable(filepath.Join(configDir, ".venv", "bin", "python"))
	if err == nil {
		found.Path = path
		return found, nil
	}
	if _, e := os.Lstat(filepath.Join(configDir, ".venv")); e == nil {
		found.Passed = append(found.Passed, err.Error())
	}
	tried = append(tried, err.Error())
	if found.Path = besideProgram(); found.Path != "" {
		return found, nil
	}
	path, err = exec.LookPath("python3")
	if err != nil {
		return Interpreter{}, fmt.Errorf("no Python found (%s; there is no python3 on PATH); name one with python=", strings.Join(tried, "; "))
	}
	found.Path, err = filepath.Abs(path)
	return found, err
}

func givenPython(python, configDir string) (string, error) {
	if !strings.ContainsRune(python, filepath.Separator) {
		path, err := exec.LookPath(python)
		if err != nil {
			return "", fmt.Errorf("python=%q: not found on PATH", python)
		}
		return filepath.Abs(path)
	}
	path := python
	if !filepath.IsAbs(path) {
		path = filepath.Join(configDir, path)
	}
	path, err := runnable(path)
	if err != nil {
		return "", fmt.Errorf("python=%q: %w", python, err)
	}
	return path, nil
}

// runnable returns an absolute path for an executable file, or says why the
// file cannot be run. A relative $VIRTUAL_ENV starts at the master's folder.
func runnable(path string) (string, error) {
	info, err := os.Stat(path)
	target, _ := os.Readlink(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && target != "":
		return "", fmt.Errorf("%s is a link to %s, which does not exist", path, target)
	case errors.Is(err, fs.ErrNotExist):
		return "", fmt.Errorf("there is no file %s", path)
	case err != nil:
		return "", err
	case info.IsDir():
		return "", fmt.Errorf("%s is a folder; name the interpreter in it, such as %q", path, filepath.Join(path, "bin", "python"))
	case !info.Mode().IsRegular():
		return "", fmt.Errorf("%s is not a regular file", path)
	case unix.Access(path, unix.X_OK) != nil:
		return "", fmt.Errorf("%s is not executable", path)
	}
	if interpreter := interpreterOf(path); interpreter != "" {
		if _, err := os.Stat(interpreter); errors.Is(err, fs.ErrNotExist) {
			return "", fmt.Errorf("%s is a script for %s, which does not exist", path, interpreter)
		}
	}
	return filepath.Abs(path)
}

// interpreterOf returns the interpreter named by the first line of a script, as
// the kernel reads it (execve(2)). It returns "" for other programs and for
// unreadable files.
func interpreterOf(path string) string {
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	begin := make([]byte, 256) // as much as the kernel reads
	n, _ := io.ReadFull(f, begin)
	line, _, _ := strings.Cut(string(begin[:n]), "\n")
	line, script := strings.CutPrefix(line, "#!")
	if words := strings.Fields(line); script && len(words) > 0 {
		return words[0]
	}
	return ""
}

// CheckCwd returns an error if a group's cwd= is not a folder. Starting an
// interpreter there would fail with a less clear message.
func CheckCwd(group *plan.Group) error {
	if group.Cwd == "" {
		return nil
	}
	if info, err := os.Stat(group.Cwd); err != nil || !info.IsDir() {
		return fmt.Errorf("cwd=%q: there is no such folder", group.Cwd)
	}
	return nil
}
