package cli

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/ldcorn/ldcorn/engine/supervisor"
)

// The exit codes that every command has. A command may have others.
const (
	exitOK      = 0
	exitFailure = 1
	exitUsage   = 2
)

// An exitError ends the program with a code. Its err is printed; it is nil where
// the command has said all there is to say.
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

// usageError returns an error about the command line.
func usageError(format string, args ...any) error {
	return &exitError{exitUsage, fmt.Errorf(format, args...)}
}

// asUsage returns an error about flags as an error of usage, unless it has a code
// already, such as an error about a file that a flag names.
func asUsage(err error) error {
	if errors.As(err, new(*exitError)) {
		return err
	}
	return &exitError{exitUsage, err}
}

// startHint says where to look if Uvicorn has not found the app. It returns ""
// for another error.
func startHint(err error) string {
	var start *supervisor.StartError
	if !errors.As(err, &start) || !strings.Contains(strings.Join(start.Stderr, "\n"), "Could not import module") {
		return ""
	}
	return "a worker looks for its app in cwd= of the group, else in the folder that ldcorn was started in; ldcorn check --import says more"
}

// exitCode prints the error of a command and returns its exit code. Before the
// command has started, every error is one of usage.
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
	fmt.Fprintf(stderr, "ldcorn: %v\n", err)
	if exit.code == exitUsage {
		what := "its usage"
		if !cmd.HasParent() {
			what = "the commands"
		}
		fmt.Fprintf(stderr, "hint: %s -h shows %s\n", cmd.CommandPath(), what)
	} else if hint := startHint(err); hint != "" {
		fmt.Fprintf(stderr, "hint: %s\n", hint)
	}
	return exit.code
}
