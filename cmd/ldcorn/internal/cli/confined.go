package cli

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/ldcorn/ldcorn/starlark/confine"
	"github.com/ldcorn/ldcorn/starlark/diag"
)

// commandPurpose is the purpose of a confined process that runs a command.
const commandPurpose = "command"

// runConfined runs the command line in a confined process. It always returns an
// error, with which this process ends.
func runConfined(cmd *cobra.Command, o *rootOptions) error {
	ctx, cancel := context.WithCancel(cmd.Context())
	defer cancel()
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT)
	done := make(chan struct{})
	passed := make(chan struct{})
	started := make(chan func(os.Signal), 1)
	var last os.Signal
	go func() {
		defer close(passed)
		last = passSignals(signals, started, done, cancel)
	}()
	code, err := confine.Run(ctx, confine.Options{
		Purpose: commandPurpose, Args: os.Args[1:], Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
		Started: func(signal func(os.Signal)) { started <- signal },
	})
	close(done)
	<-passed
	signal.Stop(signals)

	var end *confine.Ended
	switch {
	case err == nil:
		return &exitError{code: code}
	case ctx.Err() != nil && cmd.Context().Err() == nil:
		return &exitError{code: 128 + int(last.(syscall.Signal))}
	case !errors.As(err, &end):
		return err
	case end.Cause == confine.Killed:
		// The code is the same as if the signal had ended this process.
		return &exitError{code: 128 + int(end.Signal)}
	}
	if end.File == "" {
		end.File = o.aboutFile(cmd)
	}
	return &exitError{exitFailure, o.writeEnded(cmd, end)}
}

// aboutFile returns the file that a command is about, if its command line names
// one.
func (o *rootOptions) aboutFile(cmd *cobra.Command) string {
	args := cmd.Flags().Args()
	if !takesFiles.of(cmd) {
		args = nil
	}
	path, err := o.configPath(args[:min(len(args), 1)])
	if err != nil {
		return "the configuration"
	}
	return shownPath(path)
}

// stopGrace is how long a command can take to end after a signal. A process that
// hangs would never end.
const stopGrace = 10 * time.Second

// passSignals passes the signals of this process on to the command, and calls kill
// if they do not end it. It returns the last signal. A terminal sends its signals to
// both processes, so the command can get a signal twice.
func passSignals(signals <-chan os.Signal, started <-chan func(os.Signal), done <-chan struct{}, kill func()) (last os.Signal) {
	pass := func(os.Signal) {}
	var late <-chan time.Time
	for {
		select {
		case pass = <-started:
			if last != nil {
				pass(last)
			}
		case last = <-signals:
			pass(last)
			if late == nil {
				late = time.After(stopGrace)
			}
		case <-late:
			kill()
		case <-done:
			return last
		}
	}
}

// writeEnded says why a confined command has ended, in the format that its
// diagnostics have.
func (o *rootOptions) writeEnded(cmd *cobra.Command, end *confine.Ended) error {
	report := end.Report()
	format := ""
	if f := cmd.Flags().Lookup("format"); f != nil && reportsAs.of(cmd) {
		format = f.Value.String()
	}
	switch format {
	case formatJSON:
		return diag.WriteJSON(cmd.OutOrStdout(), report)
	case formatGitHub:
		return diag.WriteGitHub(cmd.OutOrStdout(), report)
	}
	return diag.WriteText(cmd.ErrOrStderr(), report, textOptions(o.color))
}
