// Package loader reads the configuration of a master, at the start and for each
// reload. A separate process evaluates the configuration first, so that
// whatever this does to the process, the master survives. The process returns a
// recording of what it has read, from which the master then evaluates the same
// configuration.
package loader

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/ldcorn/ldcorn/cmd/ldcorn/internal/interpret"
	"github.com/ldcorn/ldcorn/cmd/ldcorn/internal/machine"
	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/starlark/config"
	"github.com/ldcorn/ldcorn/starlark/diag"
)

// A Loader reads the configuration of a master. Its methods are safe for
// concurrent use.
type Loader struct {
	path   string // absolute, with the names that the user gave
	name   string // as messages show it
	opts   config.Options
	python interpret.Options
	log    *slog.Logger
	turn   chan struct{}            // holds one; evaluations take turns, to save memory
	paths  atomic.Pointer[[]string] // see Paths; nil if nothing was evaluated

	mu   sync.Mutex      // guards told
	told map[string]bool // the warnings of the latest Load, by code and message
}

// New returns a loader of the file at an absolute path, which messages show
// under a name. Python runs it as the options say. Each load reads the files of
// variables at absolute paths. The configuration prints to out.
func New(path, name string, python interpret.Options, envFiles []string, out io.Writer, log *slog.Logger) *Loader {
	salt := make([]byte, 16)
	rand.Read(salt) // never fails; kept, so that an unchanged secret has an unchanged digest
	return &Loader{
		path: path, name: name, python: python, opts: config.Options{Name: name, EnvFiles: envFiles, Print: out, Salt: salt, Log: log}, log: log,
		turn: make(chan struct{}, 1),
	}
}

// Load evaluates the configuration with the arguments that are set, by name. It returns
// its warnings, and logs those that the Load before did not have. It leaves out what the
// master reports itself when the plan takes effect.
func (l *Loader) Load(ctx context.Context, set map[string]string) (*plan.Plan, []api.PlanWarning, error) {
	opts := l.opts
	opts.Set = set
	p, warnings, err := l.evaluate(ctx, opts, true)
	if err == nil {
		l.warn(warnings)
	}
	if p != nil && p.Python != nil {
		l.log.Info(p.Python.Sentence(l.name))
	}
	return p, warnings, err
}

// warn logs the warnings that are new. Their positions do not count, since lines move.
func (l *Loader) warn(warnings []api.PlanWarning) {
	l.mu.Lock()
	defer l.mu.Unlock()
	told := make(map[string]bool)
	for _, w := range warnings {
		key := w.Code + " " + w.Message
		if told[key] = true; l.told[key] {
			continue
		}
		l.log.Warn("configuration warning", "at", w.At, "code", w.Code, "reason", w.Message,
			"hint", cmp.Or(w.Hint, "ldcorn schema "+w.Code+" says what it means"))
	}
	l.told = told
}

// Paths returns the absolute paths of the files that the latest evaluation has
// read or looked for, whether it failed or not.
func (l *Loader) Paths() []string {
	if paths := l.paths.Load(); paths != nil {
		return *paths
	}
	return []string{l.path}
}

// Preview evaluates the configuration as Load does, but logs nothing. The text
// of its error is the one that Explain returns.
func (l *Loader) Preview(ctx context.Context, set map[string]string) (*plan.Plan, []api.PlanWarning, error) {
	opts := l.opts
	opts.Print, opts.Set = nil, set
	p, warnings, err := l.evaluate(ctx, opts, false)
	if err != nil {
		err = errors.New(l.Explain(err))
	}
	return p, warnings, err
}

// evaluate returns the plan and the warnings of the configuration as it is now.
// It returns as soon as ctx ends. If the plan is to take effect, it leaves out what the
// master reports then.
func (l *Loader) evaluate(ctx context.Context, opts config.Options, effective bool) (*plan.Plan, []api.PlanWarning, error) {
	select {
	case l.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, nil, ctx.Err()
	}
	tried, err := trial{Path: l.path, Name: l.name, Set: opts.Set, EnvFiles: opts.EnvFiles, MaxSteps: opts.MaxSteps, Timeout: opts.Timeout, Python: l.python}.run(ctx, opts.Print)
	if tried != nil {
		l.paths.Store(&tried.Paths)
	}
	if err != nil {
		<-l.turn
		return nil, nil, err
	}
	opts.Replay = tried.Recording
	opts.Timeout = 2 * cmp.Or(opts.Timeout, config.DefaultTimeout) // the trial has already evaluated it in time
	type outcome struct {
		plan     *plan.Plan
		warnings []api.PlanWarning
		err      error
	}
	done := make(chan outcome, 1)
	go func() { // a stop does not wait for it; it ends within the limits that the trial kept to
		defer func() { <-l.turn }()
		p, warnings, err := evaluate(ctx, l.path, opts, effective)
		done <- outcome{p, warnings, err}
	}()
	select {
	case o := <-done:
		return o.plan, o.warnings, o.err
	case <-ctx.Done():
		return nil, nil, ctx.Err()
	}
}

// Explain returns the text of an error of Load. Like ldcorn check, it shows
// what is wrong with the configuration.
func (l *Loader) Explain(err error) string {
	if text := l.Diagnose(err); errors.As(err, new(*diag.Report)) {
		return fmt.Sprintf("%s cannot be used:\n%s", l.name, text)
	}
	return err.Error()
}

// Diagnose returns the diagnostics of an error of Load, as ldcorn check shows
// them, or the text of another error.
func (l *Loader) Diagnose(err error) string {
	report := new(diag.Report)
	if !errors.As(err, &report) {
		return err.Error()
	}
	var text strings.Builder
	_ = diag.WriteText(&text, report, diag.TextOptions{}) // cannot fail: it writes to memory
	return strings.TrimSuffix(text.String(), "\n")
}

// Evaluate returns the plan of a configuration and its warnings, including
// warnings about what this machine lacks. It evaluates in this process. If the
// configuration can be read and is wrong, the error is a *diag.Report.
func Evaluate(ctx context.Context, path string, opts config.Options) (*plan.Plan, []api.PlanWarning, error) {
	return evaluate(ctx, path, opts, false)
}

func evaluate(ctx context.Context, path string, opts config.Options, effective bool) (*plan.Plan, []api.PlanWarning, error) {
	result, err := config.Evaluate(ctx, path, opts)
	if err != nil {
		return nil, nil, err
	}
	if result.Plan == nil {
		return nil, nil, result.Report
	}
	machine.Look(result)
	result.Report.Sort(cmp.Or(opts.Name, path))
	warnings := []api.PlanWarning{}
	for i := range result.Report.Diagnostics {
		d := &result.Report.Diagnostics[i]
		if effective && d.ByMaster {
			continue
		}
		message := d.Message
		if len(d.Detail) > 0 {
			message += ": " + d.Detail[0]
		}
		hint := strings.Join(slices.DeleteFunc([]string{d.Label, d.Hint}, func(s string) bool { return s == "" }), "; ")
		warnings = append(warnings, api.PlanWarning{At: d.Span.String(), Code: d.Code, Message: message, Hint: hint})
	}
	return result.Plan, warnings, nil
}
