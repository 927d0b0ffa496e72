package config

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/starlark/builtin"
	"github.com/ldcorn/ldcorn/starlark/diag"
)

// A Result is what an evaluation gave.
type Result struct {
	Plan   *plan.Plan   // nil where Report has errors
	Report *diag.Report // errors and warnings, sorted; never nil
	Inputs []plan.Input // what was read, in order of first use
	Tests  []Test       // where Options asked for them, in the order of the source
}

// Load reads and evaluates the configuration at path and returns its plan.
// The error is a *diag.Report where the configuration is at fault; any other
// means that the file could not be read, or that ctx has ended. Warnings are
// dropped: Evaluate returns them.
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
// configuration with errors. Its error is never about the configuration's
// content.
func Evaluate(ctx context.Context, path string, opts Options) (*Result, error) {
	opts.fill()
	in, err := open(path)
	if err != nil {
		return nil, err
	}
	return evaluate(ctx, in, opts)
}

// open reads the file that evaluation begins with.
func open(path string) (entry, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return entry{}, fmt.Errorf("configuration %q: %w", path, err)
	}
	data, err := readFile(abs)
	if err != nil {
		return entry{}, unreadableEntry(path, err)
	}
	root, err := filepath.EvalSymlinks(filepath.Dir(abs))
	if err != nil {
		return entry{}, unreadableEntry(path, err)
	}
	real, err := filepath.EvalSymlinks(abs)
	if err != nil {
		return entry{}, unreadableEntry(path, err)
	}
	return entry{name: filepath.Clean(path), path: abs, root: root, real: real, data: data}, nil
}

// EvaluateText is Evaluate for a text as if it were the file at path, whose
// folder must be there.
func EvaluateText(ctx context.Context, path, text string, opts Options) (*Result, error) {
	opts.fill()
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("configuration %q: %w", path, err)
	}
	root, err := filepath.EvalSymlinks(filepath.Dir(abs))
	if err != nil {
		return nil, unreadableEntry(path, err)
	}
	real := filepath.Join(root, filepath.Base(abs))
	return evaluate(ctx, entry{name: filepath.Clean(path), path: abs, root: root, real: real, data: []byte(text)}, opts)
}

func unreadableEntry(path string, err error) error {
	var cause *fs.PathError
	if errors.As(err, &cause) {
		err = cause.Err
	}
	return fmt.Errorf("configuration %q: %w", path, err)
}

// An entry is the file that evaluation begins with.
type entry struct {
	name string // as messages show it
	path string // absolute
	root string // its folder, with symbolic links followed
	real string // path with symbolic links followed
	data []byte
}

func evaluate(ctx context.Context, in entry, opts Options) (*Result, error) {
	report := &diag.Report{Sources: &diag.Sources{}}
	read := newInputs(opts.Salt)
	session := builtin.NewSession(builtin.Options{
		Dir:          filepath.Dir(in.path),
		Sources:      report.Sources,
		Report:       report.Add,
		LookupEnv:    opts.lookup,
		AllowMissing: opts.AllowMissingEnv,
		ReadFile:     readFile,
		CPUs:         builtin.CPUs,
		Input:        read.add,
	})
	l := newLoader(in, report, read, session)
	m := &module{name: in.name, path: in.path}
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
		res.Plan = e.conclude(limited, m)
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
	if report.Count(diag.Error) > 0 { // of a file with tests
		res.Plan, res.Tests = nil, nil
	}
	res.Inputs = read.list
	return res, nil
}
