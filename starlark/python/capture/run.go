// Package capture runs a Python configuration once and records its result, for
// configurations that cannot be rewritten.
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

// script runs in the interpreter. It documents its exit codes.
//
//go:embed capture.py
var script string

const (
	exitFails      = 3
	exitUnwritable = 4

	shownLines = 12 // of the interpreter's error
	maxResult  = 16 << 20
)

// Options control how the Python runs.
type Options struct {
	Python  string        // the interpreter
	Timeout time.Duration // after which it is killed, with all its children
	CPUs    int           // the number of CPUs that it sees
	Env     []string      // NAME=value; nil means the environment of the process
}

// A Result is the result of a configuration.
type Result struct {
	// The environment variables that it has read, in order: those whose values are in
	// the result, those that can have affected it in another way, and those that were
	// not set.
	Written, Used, Unset []string

	config value
}

// An Error is a failure of the Python itself.
type Error struct {
	Message string
	Detail  []string // the last lines of its output
}

func (e *Error) Error() string {
	if len(e.Detail) == 0 {
		return e.Message
	}
	return e.Message + ":\n  " + strings.Join(e.Detail, "\n  ")
}

// Run runs the file at path once, in its own process without input. The error
// is an *Error if the Python fails.
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
		return nil, &Error{Message: fmt.Sprintf("the result of %s cannot be written as Starlark", path), Detail: tail(output)}
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

// execute runs the interpreter and returns its output. It kills everything that
// the interpreter leaves running.
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
	cmd.Env = append(env[:len(env):len(env)], "PYTHONDONTWRITEBYTECODE=1") // leaves no files behind
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second
	var output lastOutput
	cmd.Stdout, cmd.Stderr = &output, &output
	err = cmd.Run()
	if cmd.Process != nil {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // processes left running, if any
	}
	return output.String(), err
}

// maxOutput is how much of a configuration's output is kept.
const maxOutput = 256 << 10 // bytes

// A lastOutput keeps at least the last maxOutput bytes written to it, and at
// most twice as many.
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
		Config  value    `json:"config"`
		Written []string `json:"written"`
		Used    []string `json:"used"`
		Unset   []string `json:"unset"`
	}
	if err := json.Unmarshal(data, &found); err != nil {
		return nil, err
	}
	return &Result{Written: found.Written, Used: found.Used, Unset: found.Unset, config: found.Config}, nil
}

// tail returns the last lines of a text.
func tail(s string) []string {
	lines := strings.Split(strings.TrimRight(s, "\n"), "\n")
	if len(lines) > shownLines {
		lines = append([]string{"…"}, lines[len(lines)-shownLines:]...)
	}
	return lines
}
