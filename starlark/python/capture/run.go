// Package capture runs a configuration in Python once and writes down what it
// gives: for what no rewriting can know.
package capture

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/ldcorn/ldcorn/engine/regular"
	"github.com/ldcorn/ldcorn/engine/shortage"
)

// script is given to the interpreter: see there for its exit codes.
//
//go:embed capture.py
var script string

const (
	exitFails      = 3
	exitUnwritable = 4

	shownLines = 12 // of the interpreter's error
	maxResult  = 16 << 20
)

// Options say how the Python runs.
type Options struct {
	Python  string        // the interpreter
	Timeout time.Duration // after which it is killed, with all that it started
	CPUs    int           // that it counts
	Env     []string      // NAME=value; nil is the process's own
}

// A Result is what a configuration gave.
type Result struct {
	Read   []string // variables of the environment that it has read, in order
	config value
}

// An Error is the Python's own failure.
type Error struct {
	Message string
	Detail  []string // what it wrote, the last lines
}

func (e *Error) Error() string {
	if len(e.Detail) == 0 {
		return e.Message
	}
	return e.Message + ":\n  " + strings.Join(e.Detail, "\n  ")
}

// Run runs the file at path, once, in a process of its own without input. Its
// error is an *Error where the Python is at fault.
func Run(ctx context.Context, path string, opts Options) (*Result, error) {
	dir, err := os.MkdirTemp("", "ldcorn-migrate")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	result := filepath.Join(dir, "result.json")
	ctx, cancel := context.WithTimeout(ctx, opts.Timeout)
	defer cancel()
	output, err := execute(ctx, path, result, opts)
	var exit *exec.ExitError
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		return nil, fmt.Errorf("run %s: interrupted", path)
	case ctx.Err() != nil:
		return nil, &Error{Message: fmt.Sprintf("%s runs for more than %s; `--timeout DURATION` allows more", path, opts.Timeout), Detail: tail(output)}
	case errors.As(err, &exit) && exit.ExitCode() == exitUnwritable:
		return nil, &Error{Message: fmt.Sprintf("what %s gives cannot be written as Starlark", path), Detail: tail(output)}
	case errors.As(err, &exit):
		message := fmt.Sprintf("%s fails in Python", path)
		if exit.ExitCode() != exitFails {
			message = fmt.Sprintf("%s ended the interpreter (%s)", path, exit.ProcessState)
		}
		return nil, &Error{Message: message, Detail: tail(output)}
	case err != nil:
		return nil, fmt.Errorf("run %s: %w", opts.Python, shortage.Explain(err))
	}
	return readResult(result)
}

// execute runs the interpreter and returns what it wrote for people. Whatever
// it starts ends with it.
func execute(ctx context.Context, path, result string, opts Options) (string, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	cmd := exec.CommandContext(ctx, opts.Python, "-c", script, abs, result, strconv.Itoa(opts.CPUs))
	env := opts.Env
	if env == nil {
		env = os.Environ()
	}
	cmd.Env = append(env[:len(env):len(env)], "PYTHONDONTWRITEBYTECODE=1") // nothing stays behind
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second
	var output lastOutput
	cmd.Stdout, cmd.Stderr = &output, &output
	err = cmd.Run()
	if cmd.Process != nil {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // what it left running, if anything
	}
	return output.String(), err
}

// maxOutput is how much of what a configuration prints is kept.
const maxOutput = 256 << 10 // bytes

// A lastOutput keeps the last maxOutput bytes that are written to it, and no
// more than twice as many.
type lastOutput struct{ buf []byte }

func (o *lastOutput) Write(p []byte) (int, error) {
	if o.buf = append(o.buf, p...); len(o.buf) > 2*maxOutput {
		o.buf = append(o.buf[:0], o.buf[len(o.buf)-maxOutput:]...)
	}
	return len(p), nil
}

func (o *lastOutput) String() string { return string(o.buf) }

func readResult(path string) (*Result, error) {
	data, err := regular.ReadFile(path, maxResult)
	if errors.Is(err, regular.ErrTooLarge) {
		return nil, &Error{Message: fmt.Sprintf("the configuration has more than %d MiB", maxResult>>20)}
	}
	if err != nil {
		return nil, err
	}
	var found struct {
		Config value    `json:"config"`
		Read   []string `json:"read"`
	}
	if err := json.Unmarshal(data, &found); err != nil {
		return nil, err
	}
	return &Result{Read: found.Read, config: found.Config}, nil
}

// tail returns the last lines of a text.
func tail(s string) []string {
	lines := strings.Split(strings.TrimRight(s, "\n"), "\n")
	if len(lines) > shownLines {
		lines = append([]string{"…"}, lines[len(lines)-shownLines:]...)
	}
	return lines
}
