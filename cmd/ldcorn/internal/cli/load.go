package cli

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/starlark/config"
	"github.com/ldcorn/ldcorn/starlark/diag"
)

// A loader reads the master's configuration, at the start and for each
// reload. A process of its own evaluates it first: whatever a configuration
// does to that, the master lives on.
type loader struct {
	path string // absolute, by the names that the user gave
	name string // as messages show it
	opts config.Options
	log  *slog.Logger
	turn chan struct{} // holds one: one evaluation at a time, for the sake of memory
}

// newLoader returns a loader. What the configuration prints goes to out.
func newLoader(path string, out io.Writer, log *slog.Logger) *loader {
	salt := make([]byte, 16)
	rand.Read(salt) // never fails; kept, so that an unchanged secret has an unchanged digest
	name := shownPath(path)
	return &loader{
		path: path, name: name, opts: config.Options{Name: name, Print: out, Salt: salt, Log: log}, log: log,
		turn: make(chan struct{}, 1),
	}
}

// load evaluates the configuration and logs its warnings.
func (l *loader) load(ctx context.Context) (*plan.Plan, error) {
	p, warnings, err := l.evaluate(ctx, l.opts)
	for _, w := range warnings {
		l.log.Warn("configuration warning", "at", w.At, "code", w.Code, "reason", w.Message)
	}
	return p, err
}

// preview evaluates the configuration without a word in the log.
func (l *loader) preview(ctx context.Context) (*plan.Plan, []plan.Warning, error) {
	opts := l.opts
	opts.Print = nil
	p, warnings, err := l.evaluate(ctx, opts)
	if err != nil {
		err = errors.New(l.explain(err))
	}
	return p, warnings, err
}

// evaluate returns the plan and the warnings of the configuration as it is now.
// It returns as soon as ctx ends.
func (l *loader) evaluate(ctx context.Context, opts config.Options) (*plan.Plan, []plan.Warning, error) {
	select {
	case l.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, nil, ctx.Err()
	}
	recording, err := trial{Path: l.path, Name: l.name, MaxSteps: opts.MaxSteps, Timeout: opts.Timeout}.run(ctx, opts.Print)
	if err != nil {
		<-l.turn
		return nil, nil, err
	}
	opts.Replay = recording
	opts.Timeout = 2 * cmp.Or(opts.Timeout, config.DefaultTimeout) // it was in time, and is the same
	type outcome struct {
		plan     *plan.Plan
		warnings []plan.Warning
		err      error
	}
	done := make(chan outcome, 1)
	go func() { // a stop does not wait for it, and it ends by the limits that it has kept before
		defer func() { <-l.turn }()
		p, warnings, err := evaluate(ctx, l.path, opts)
		done <- outcome{p, warnings, err}
	}()
	select {
	case o := <-done:
		return o.plan, o.warnings, o.err
	case <-ctx.Done():
		return nil, nil, ctx.Err()
	}
}

// explain shows what is wrong with a configuration as check does.
func (l *loader) explain(err error) string {
	report := new(diag.Report)
	if !errors.As(err, &report) {
		return err.Error()
	}
	var text strings.Builder
	_ = diag.WriteText(&text, report, diag.TextOptions{}) // it is in memory
	return fmt.Sprintf("%s cannot be used:\n%s", l.name, strings.TrimSuffix(text.String(), "\n"))
}

// evaluate returns a configuration's plan and its warnings. The error is a
// *diag.Report where the configuration can be read and is wrong.
func evaluate(ctx context.Context, path string, opts config.Options) (*plan.Plan, []plan.Warning, error) {
	result, err := config.Evaluate(ctx, path, opts)
	if err != nil {
		return nil, nil, err
	}
	if result.Plan == nil {
		return nil, nil, result.Report
	}
	warnings := []plan.Warning{}
	for i := range result.Report.Diagnostics {
		d := &result.Report.Diagnostics[i]
		warnings = append(warnings, plan.Warning{At: d.Span.String(), Code: d.Code, Message: d.Message})
	}
	return result.Plan, warnings, nil
}

// shownPath is the path as one would type it here: relative where the file
// is in or below the current folder.
func shownPath(path string) string {
	dir, err := os.Getwd()
	if err != nil {
		return path
	}
	if rel, err := filepath.Rel(dir, path); err == nil && filepath.IsLocal(rel) {
		return rel
	}
	return path
}

// writeReport prints a configuration's errors, if err is that.
func writeReport(w io.Writer, err error, color bool) bool {
	var report *diag.Report
	if !errors.As(err, &report) {
		return false
	}
	_ = diag.WriteText(w, report, diag.TextOptions{Color: color}) // there is no place left to report to
	return true
}
