package config

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"

	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/starlark/builtin"
	"github.com/ldcorn/ldcorn/starlark/diag"
	"github.com/ldcorn/ldcorn/starlark/python"
)

// A Result is the result of an evaluation.
type Result struct {
	Plan   *plan.Plan   // nil if Report has errors
	Report *diag.Report // errors and warnings, sorted; never nil
	Inputs []plan.Input // everything that was read, in order of first use
	Tests  []Test       // set if Options ask for them, in the order of the source
	Steps  uint64       // of the interpreter that the evaluation took

	config *builtin.Config // of Plan
}

// Argument returns the position of the value of an argument of LdConfig, or of
// the word LdConfig if the argument is not given. There must be a plan.
func (r *Result) Argument(name string) diag.Span {
	return argument(r.config.Values, name, r.config.Span)
}

// GroupArgument is Argument for an argument of the i-th group of the plan.
func (r *Result) GroupArgument(i int, name string) diag.Span {
	g := r.config.Groups[i]
	return argument(g.Values, name, g.Span)
}

// ListenerArgument is Argument for an argument of the i-th listener of the plan.
func (r *Result) ListenerArgument(i int, name string) diag.Span {
	if i >= len(r.config.Listeners) { // bind is not given
		return r.config.Span
	}
	l := r.config.Listeners[i]
	return argument(l.Values, name, l.Span)
}

// ListenerTLS returns the position of the j-th certificate of the i-th listener of the
// plan, or that of the argument tls.
func (r *Result) ListenerTLS(i, j int) diag.Span {
	if i < len(r.config.Listeners) && j < len(r.config.Listeners[i].TLS) {
		return r.config.Listeners[i].TLS[j]
	}
	return r.ListenerArgument(i, "tls")
}

// ListenerTLSArgument is ListenerTLS for an argument of the certificate.
func (r *Result) ListenerTLSArgument(i, j int, name string) diag.Span {
	if i < len(r.config.Listeners) && j < len(r.config.Listeners[i].TLSValues) {
		return argument(r.config.Listeners[i].TLSValues[j], name, r.ListenerTLS(i, j))
	}
	return r.ListenerTLS(i, j)
}

// argument returns the position of an argument, or other if it has none.
func argument(of map[string]diag.Span, name string, other diag.Span) diag.Span {
	if span, found := of[name]; found && span.Line > 0 {
		return span
	}
	return other
}

// Load reads and evaluates the configuration at path and returns its plan. If
// the configuration has mistakes, the error is a *diag.Report. Any other error
// means that the file could not be read or that ctx has ended. Load drops
// warnings; Evaluate returns them.
func Load(ctx context.Context, path string, opts Options) (*plan.Plan, error) {
	res, err := Evaluate(ctx, path, opts)
	if err != nil {
		return nil, err
	}
	if res.Plan == nil {
		return nil, res.Report
	}
	return res.Plan, nil
}

// Evaluate is Load for callers that show warnings, or the inputs of a
// configuration with errors. Its error is never about the content of the
// configuration.
func Evaluate(ctx context.Context, path string, opts Options) (*Result, error) {
	opts.fill()
	w := newWorld(&opts)
	in, err := open(path, cmp.Or(opts.Name, path), w)
	if err != nil {
		return nil, err
	}
	return evaluate(ctx, in, w, opts)
}

// evaluate evaluates the entry. If it is Python beyond the language, Python runs it.
func evaluate(ctx context.Context, in entry, w *world, opts Options) (*Result, error) {
	if err := w.readEnvFiles(opts.EnvFiles); err != nil {
		return nil, err
	}
	if python.Is(in.name) {
		return evaluatePython(ctx, in, w, opts)
	}
	return evaluateWith(ctx, in, w, opts, nil)
}

// open reads the file where evaluation begins.
func open(path, name string, w *world) (entry, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return entry{}, fmt.Errorf("configuration %q: %w", name, err)
	}
	if err := w.settle(filepath.Dir(abs)); err != nil {
		return entry{}, unreadableEntry(name, err)
	}
	data, err := w.readFile(abs)
	if err != nil {
		return entry{}, unreadableEntry(name, err)
	}
	real, err := w.evalSymlinks(abs)
	if err != nil {
		return entry{}, unreadableEntry(name, err)
	}
	return entry{name: filepath.Clean(name), path: abs, root: w.root, real: real, data: data}, nil
}

// EvaluateText is Evaluate for a text in place of the content of the file at
// path. The folder of path must exist.
func EvaluateText(ctx context.Context, path, text string, opts Options) (*Result, error) {
	opts.fill()
	w := newWorld(&opts)
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("configuration %q: %w", path, err)
	}
	if err := w.settle(filepath.Dir(abs)); err != nil {
		return nil, unreadableEntry(path, err)
	}
	real := filepath.Join(w.root, filepath.Base(abs))
	return evaluate(ctx, entry{name: filepath.Clean(path), path: abs, root: w.root, real: real, data: []byte(text)}, w, opts)
}

func unreadableEntry(path string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return missing(path, err)
	}
	return fmt.Errorf("configuration %q: %w", path, innermost(err))
}

// An entry is the file where evaluation begins.
type entry struct {
	name string // as messages show it
	path string // absolute
	root string // its folder, with symbolic links followed
	real string // path with symbolic links followed
	data []byte
}

// evaluateWith evaluates the entry, or the configuration that Python has made of it.
func evaluateWith(ctx context.Context, in entry, w *world, opts Options, run *PythonRun) (*Result, error) {
	defer opts.Watch("evaluating", in.name, 2*opts.Timeout)()
	report := &diag.Report{Sources: &diag.Sources{}}
	read := newInputs(opts.Salt)
	w.recordEnvFiles(read)
	if run != nil { // it may have used all of them
		w.hideVariables(report, opts)
		hideSecrets(report, run.Result.Secrets)
	}
	var l *loader
	session := builtin.NewSession(builtin.Options{
		Dir:          filepath.Dir(in.path),
		Sources:      report.Sources,
		Report:       report.Add,
		LookupEnv:    w.lookupEnv,
		AllowMissing: opts.AllowMissingEnv,
		ReadFile:     w.readFile,
		CPUs:         w.cpus,
		Input:        read.add,
		Set:          opts.Set,
		Args:         opts.Args,
		NameDir:      filepath.Dir(in.name),
		Find:         func(from, path string) (builtin.DataFile, *diag.Diagnostic) { return l.find(from, path) },
		FileEnv:      slices.Concat(w.fileEnv, opts.FileEnv),
		Hide:         report.Hidden.Add,
	})
	l = newLoader(in, report, read, session, w)
	l.watch = func(doing, file string) func() { return opts.Watch(doing, file, opts.Timeout) }
	m := &module{name: in.name, path: in.path}
	l.run, l.tests, l.canRun, l.noExec = run, opts.Tests, opts.RunPython != nil, opts.NoExec
	l.read(m, in.real, in.data)
	res := &Result{Report: report}
	if report.Count(diag.Error) == 0 {
		e := &evaluation{loader: l, opts: &opts}
		limited, cancel := context.WithTimeout(ctx, opts.Timeout)
		defer cancel()
		err := e.run(ctx, m)
		if err != nil {
			return nil, err
		}
		res.Steps = e.thread.ExecutionSteps()
		done := l.watch("checking", m.name)
		res.Plan, res.config = e.conclude(limited, m)
		done()
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		session.Close()
		if opts.Tests && res.Plan != nil {
			if res.Tests, err = e.tests(ctx, m); err != nil {
				return nil, err
			}
		}
	}
	session.Close()
	l.hintPython()
	report.Sort(m.name)
	if report.Count(diag.Error) > 0 { // errors of a file with tests
		res.Plan, res.Tests = nil, nil
	}
	res.Inputs = read.list
	return res, nil
}
