package main

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/starlark/config"
	"github.com/ldcorn/ldcorn/starlark/diag"
)

// A loader reads the master's configuration, at the start and for each
// reload.
type loader struct {
	path string // as messages show it
	opts config.Options
	log  *slog.Logger
}

// newLoader returns a loader. What the configuration prints goes to out.
func newLoader(path string, out io.Writer, log *slog.Logger) *loader {
	salt := make([]byte, 16)
	rand.Read(salt) // never fails; kept, so that an unchanged secret has an unchanged digest
	return &loader{path: shownPath(path), opts: config.Options{Print: out, Salt: salt}, log: log}
}

// load evaluates the configuration and logs its warnings.
func (l *loader) load(ctx context.Context) (*plan.Plan, error) {
	result, err := config.Evaluate(ctx, l.path, l.opts)
	if err != nil {
		return nil, err
	}
	if result.Plan == nil {
		return nil, result.Report
	}
	for i := range result.Report.Diagnostics {
		d := &result.Report.Diagnostics[i]
		l.log.Warn("configuration warning", "at", d.Span.String(), "code", d.Code, "reason", d.Message)
	}
	return result.Plan, nil
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
