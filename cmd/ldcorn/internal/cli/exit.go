package cli

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/ldcorn/ldcorn/engine/worker"
)

// The exit codes of every command. A command can have others.
const (
	exitOK      = 0
	exitFailure = 1
	exitUsage   = 2
)

// An exitError ends the program with an exit code, after its err is printed. A nil
// err prints nothing: the command has already printed everything.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit %d", e.code)
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

// usageError returns an error about the command line, with its exit code.
func usageError(format string, args ...any) error {
	return &exitError{exitUsage, fmt.Errorf(format, args...)}
}

// asUsage makes an error about flags a usage error, unless it has an exit code
// already, as an error about a file that a flag names does.
func asUsage(err error) error {
	if errors.As(err, new(*exitError)) {
		return err
	}
	return &exitError{exitUsage, err}
}

// exitCode prints the error of a command and returns its exit code. Until the command
// has started, every error is a usage error.
func exitCode(stderr io.Writer, cmd *cobra.Command, err error, started bool) int {
	if err == nil {
		return exitOK
	}
	var exit *exitError
	if !errors.As(err, &exit) {
		exit = &exitError{exitFailure, err}
		if !started {
			exit.code = exitUsage
		}
	}
	if exit.err == nil {
		return exit.code
	}
	hint, bare := worker.Advice(err)
	remark(stderr, "ldcorn: %v", bare)
	if hint != "" {
		remark(stderr, "hint: %s", hint)
	}
	if exit.code == exitUsage {
		what := "its usage"
		if !cmd.HasParent() {
			what = "the commands"
		}
		remark(stderr, "hint: %s -h shows %s", cmd.CommandPath(), what)
	}
	return exit.code
}
