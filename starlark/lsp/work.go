package lsp

import (
	"bytes"
	"context"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"go.lsp.dev/protocol"

	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/starlark/config"
	"github.com/ldcorn/ldcorn/starlark/confine"
	"github.com/ldcorn/ldcorn/starlark/diag"
	"github.com/ldcorn/ldcorn/starlark/format"
	"github.com/ldcorn/ldcorn/starlark/python"
	"github.com/ldcorn/ldcorn/starlark/tests"
)

// Purpose is the purpose of a confined process that does a job of the server. That
// process must call Work.
const Purpose = "editor"

// The exit codes of the process.
const (
	exitOK      = 0
	exitFailure = 1 // it could not answer
	exitUsage   = 2 // its input was not a job
)

// jobLimit is the longest time that a job takes.
const jobLimit = 4*config.DefaultTimeout + confine.Grace

// A jobKind is what a job does with its file.
type jobKind int

const (
	checkJob  jobKind = iota // evaluate a configuration
	readJob                  // read a file that is not a configuration
	formatJob                // format a file
)

// A job is the input of the process.
type job struct {
	Kind  jobKind
	Path  string            // absolute
	Texts map[string][]byte // of the open documents, by absolute path
}

// An answer is the output of the process.
type answer struct {
	Error       string // why the file cannot be read or formatted
	Diagnostics []finding
	Files       []string // absolute paths of the files that were read or looked for
	Groups      []group  // of a configuration without errors
	Routes      []routeNote
	Text        []byte // as formatted
}

// A place is a range in a file.
type place struct {
	Path  string // absolute
	Range protocol.Range
}

// A finding is a diagnostic as editors see it.
type finding struct {
	diag.Diagnostic
	Place   place
	Related []related // of the diagnostic, with the calls that led to it
}

// A related is another place that contributes to a finding.
type related struct {
	Place   place
	Message string
}

// Helpers are functions of the program that a job needs.
type Helpers struct {
	// Look adds warnings about what this machine lacks.
	Look func(*config.Result)
	// Explain writes an explanation for people.
	Explain func(io.Writer, *api.Explanation) error
}

// Work does a job in the confined process of a cell: it reads the job from stdin,
// writes the answer to stdout and returns the exit code.
func Work(cell *confine.Cell, stdin io.Reader, stdout io.Writer, helpers Helpers) int {
	cell.PreferForOOM()
	var j job
	if err := gob.NewDecoder(stdin).Decode(&j); err != nil {
		return exitUsage
	}
	w := &worker{job: j, cell: cell, helpers: helpers}
	if err := w.do(context.Background()); err != nil {
		w.answer.Error = err.Error()
	}
	if err := gob.NewEncoder(stdout).Encode(w.answer); err != nil {
		return exitFailure
	}
	return exitOK
}

// A worker does one job.
type worker struct {
	job     job
	cell    *confine.Cell
	helpers Helpers
	answer  answer
}

func (w *worker) do(ctx context.Context) error {
	name := filepath.Base(w.job.Path)
	recording := new(config.Recording)
	opts := config.Options{
		Name: name, AllowMissingEnv: true, Tests: true, Overlay: w.job.Texts, Record: recording,
		Print: w.cell, Watch: w.cell.Watch, MaxSteps: config.DefaultMaxSteps, Timeout: config.DefaultTimeout,
	}
	defer func() { w.answer.Files = recording.Paths() }()
	switch w.job.Kind {
	case formatJob:
		defer w.cell.Watch("formatting", name, config.DefaultTimeout)()
		var err error
		w.answer.Text, err = format.Format(name, w.job.Texts[w.job.Path])
		return err
	case readJob:
		report, err := config.Read(w.job.Path, opts)
		if err == nil {
			w.report(report)
		}
		return err
	}
	res, err := config.Evaluate(ctx, w.job.Path, opts)
	if err != nil {
		return err
	}
	if why := res.BeyondLanguage(); why != nil && python.Is(name) {
		w.report(&diag.Report{Sources: res.Report.Sources, Diagnostics: []diag.Diagnostic{{
			Code: why.Code, Severity: noteSeverity, Span: why.Span,
			Message: "Python runs this file, because it is beyond the language of ldconfig.star: " + why.Message,
			Hint:    "the language server does not run Python; `ldcorn check` does",
		}}})
		return nil
	}
	if res.Plan == nil {
		w.report(res.Report)
		return nil
	}
	w.helpers.Look(res)
	asked := tests.Options{
		Plan: res.Plan, Sources: res.Report.Sources, MaxSteps: opts.MaxSteps, Timeout: opts.Timeout, Watch: opts.Watch,
		Print: func(at diag.Span, msg string) { _, _ = io.WriteString(w.cell, config.Printed(at, msg)) },
	}
	if len(res.Tests) > 0 {
		report, err := tests.Run(ctx, res.Tests, asked)
		if err != nil {
			return err
		}
		report.AddTo(res.Report)
	}
	res.Report.Sort(name)
	w.report(res.Report)
	w.notes(ctx, res, asked)
	return nil
}

// noteSeverity is the severity of a finding that is no mistake.
const noteSeverity diag.Severity = "note"

// report adds the diagnostics of a report to the answer.
func (w *worker) report(r *diag.Report) {
	for _, d := range r.Diagnostics {
		f := finding{Diagnostic: d, Place: w.place(r.Sources, d.Span)}
		for _, other := range d.Related {
			f.Related = append(f.Related, related{w.place(r.Sources, other.Span), other.Label})
		}
		for _, call := range d.Trace {
			f.Related = append(f.Related, related{w.place(r.Sources, call.Span), "in a call of " + call.Function})
		}
		f.Diagnostic.Related, f.Trace = nil, nil
		w.answer.Diagnostics = append(w.answer.Diagnostics, f)
	}
}

// place returns the place of a span. One without a file is the beginning of the file of
// the job.
func (w *worker) place(sources *diag.Sources, span diag.Span) place {
	out := place{Path: w.job.Path}
	if span.File != "" {
		out.Path = span.File
		if !filepath.IsAbs(out.Path) {
			out.Path = filepath.Join(filepath.Dir(w.job.Path), out.Path)
		}
	}
	line, _ := sources.Line(span.File, span.Line)
	out.Range = rangeOf(line, span)
	if span.Line == 1 && bytes.HasPrefix(w.job.Texts[out.Path], []byte("\ufeff")) {
		out.Range.Start.Character++ // the mark is not part of the line
		out.Range.End.Character++
	}
	return out
}

// rangeOf returns the range of a span in its line.
func rangeOf(line string, span diag.Span) protocol.Range {
	if span.Line == 0 {
		return protocol.Range{}
	}
	at := protocol.Position{Line: uint32(span.Line - 1), Character: units(line, span.Col-1)}
	end := at
	end.Character = max(units(line, max(span.End, span.Col+1)-1), at.Character)
	return protocol.Range{Start: at, End: end}
}

// units returns how many UTF-16 code units the first n characters of a line take.
func units(line string, n int) (out uint32) {
	for _, r := range line {
		if n <= 0 {
			break
		}
		n--
		out += width(r)
	}
	return out + uint32(max(n, 0))
}

// A runner does jobs in a confined process.
type runner struct{ limit time.Duration }

// run returns the answer to a job. The error is a *confine.Ended, the error of ctx, or
// says why there is no answer.
func (r runner) run(ctx context.Context, j job) (*answer, error) {
	var request bytes.Buffer
	if err := gob.NewEncoder(&request).Encode(j); err != nil {
		return nil, err
	}
	reply := &limitedBuffer{left: maxAnswer}
	code, err := confine.Run(ctx, confine.Options{Purpose: Purpose, Args: []string{"lsp"}, Stdin: &request, Stdout: reply, Limit: r.limit})
	if err != nil {
		return nil, err
	}
	var out answer
	if code == exitOK {
		err = gob.NewDecoder(&reply.Buffer).Decode(&out)
	}
	if code != exitOK || err != nil {
		return nil, fmt.Errorf("the process that reads %s ended with exit code %d and without an answer", j.Path, code)
	}
	return &out, nil
}

var errLong = errors.New("the answer is too long")

// A limitedBuffer refuses what it cannot hold.
type limitedBuffer struct {
	bytes.Buffer
	left int
}

func (b *limitedBuffer) Write(p []byte) (int, error) {
	if b.left -= len(p); b.left < 0 {
		return 0, errLong
	}
	return b.Buffer.Write(p)
}
