package loader

import (
	"bytes"
	"cmp"
	"context"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/ldcorn/ldcorn/cmd/ldcorn/internal/interpret"
	"github.com/ldcorn/ldcorn/starlark/config"
	"github.com/ldcorn/ldcorn/starlark/confine"
	"github.com/ldcorn/ldcorn/starlark/diag"
	"github.com/ldcorn/ldcorn/starlark/python"
)

// Purpose is the purpose of a confined process that evaluates a configuration
// before the master does. That process must call Try.
const Purpose = "trial"

// The exit codes of a trial process.
const (
	exitOK      = 0
	exitFailure = 1 // it could not answer
	exitUsage   = 2 // its input was not a trial
)

// A trial is the input of the process. It and the verdict are sent in
// encoding/gob, because paths and variables need not be UTF-8.
type trial struct {
	Path     string
	Name     string
	Set      map[string]string
	EnvFiles []string
	MaxSteps uint64
	Timeout  time.Duration
	Python   interpret.Options
}

// A verdict is the answer of the process.
type verdict struct {
	Recording *config.Recording // of all that was read; nil if the other fields say what is wrong
	Paths     []string          // of the files that were read or looked for
	Error     string            // why the file cannot be read
	Errors    []diag.Diagnostic
	Texts     map[string]string // of the files that Errors are about
	Printed   string            // what a wrong configuration has printed
}

// run evaluates the configuration in a confined process. The verdict has a
// recording of what the process has read, so that the master can evaluate the
// same, whatever happens to the files. If the configuration is wrong, the error
// is a *diag.Report, and what the configuration printed has gone to out. The
// verdict is nil if there was no answer.
func (t trial) run(ctx context.Context, out io.Writer) (*verdict, error) {
	var request, answer bytes.Buffer
	if err := gob.NewEncoder(&request).Encode(t); err != nil {
		return nil, err
	}
	code, err := confine.Run(ctx, confine.Options{
		Purpose: Purpose, Stdin: &request, Stdout: &answer,
		Limit: t.limit(),
	})
	var end *confine.Ended
	var v verdict
	switch {
	case errors.As(err, &end):
		end.File = cmp.Or(end.File, t.Name)
		return nil, end.Report()
	case err != nil:
		return nil, err
	case code != exitOK:
		return nil, fmt.Errorf("%s: the process that evaluates it ended with exit code %d and without an answer; try again", t.Name, code)
	}
	if err := gob.NewDecoder(&answer).Decode(&v); err != nil {
		return nil, fmt.Errorf("%s: the process that evaluates it gave half an answer; try again: %w", t.Name, err)
	}
	switch {
	case v.Error != "":
		return &v, errors.New(v.Error)
	case v.Recording != nil:
		return &v, nil
	}
	if out != nil {
		_, _ = io.WriteString(out, v.Printed) // the log, which never fails
	}
	return &v, v.report()
}

// limit returns the longest time that the process takes.
func (t trial) limit() time.Duration {
	evaluation := 2*cmp.Or(t.Timeout, config.DefaultTimeout) + confine.Grace // config takes at most twice the time in total
	if !python.Is(t.Path) {
		return evaluation
	}
	return 2*evaluation + t.Python.Limit()
}

// report returns the report on a wrong configuration.
func (v *verdict) report() *diag.Report {
	report := &diag.Report{Diagnostics: v.Errors, Sources: &diag.Sources{}}
	for name, text := range v.Texts {
		report.Sources.Add(name, text)
	}
	return report
}

// Try evaluates a configuration in the confined process of a cell: it reads a
// trial from stdin, writes the verdict to stdout and returns the exit code.
func Try(cell *confine.Cell, stdin io.Reader, stdout io.Writer) int {
	cell.PreferForOOM()
	var t trial
	if err := gob.NewDecoder(stdin).Decode(&t); err != nil {
		return exitUsage
	}
	var v verdict
	var printed bytes.Buffer
	recording := new(config.Recording)
	opts := config.Options{
		Name: t.Name, Set: t.Set, EnvFiles: t.EnvFiles, MaxSteps: t.MaxSteps, Timeout: t.Timeout,
		Print: io.MultiWriter(cell, &printed), Watch: cell.Watch, Record: recording,
	}
	t.Python.Apply(&opts, cell)
	result, err := config.Evaluate(context.Background(), t.Path, opts)
	v.Paths = recording.Paths()
	switch {
	case err != nil:
		v.Error = err.Error()
	case result.Plan != nil:
		v.Recording = recording
	default:
		v.Printed, v.Errors, v.Texts = printed.String(), result.Report.Diagnostics, make(map[string]string)
		for _, d := range v.Errors {
			v.addText(result.Report.Sources, d.Span)
			for _, r := range d.Related {
				v.addText(result.Report.Sources, r.Span)
			}
		}
	}
	if err := gob.NewEncoder(stdout).Encode(v); err != nil {
		return exitFailure
	}
	return exitOK
}

// addText adds the text of the file that a span is in.
func (v *verdict) addText(sources *diag.Sources, span diag.Span) {
	if _, known := v.Texts[span.File]; known {
		return
	}
	if text, ok := sources.Text(span.File); ok {
		v.Texts[span.File] = text
	}
}
