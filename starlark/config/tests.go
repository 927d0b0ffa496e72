package config

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"go.starlark.net/starlark"

	"github.com/ldcorn/ldcorn/starlark/diag"
)

const (
	testPrefix = "test_"      // of a function
	testSuffix = "_test.star" // of a file
)

// A Test is a function of one argument that checks the behavior of a
// configuration. It is called after the configuration is loaded.
type Test struct {
	Name string
	Span diag.Span // of the name
	Func *starlark.Function
}

// tests finds the tests of the entry and then those of the test files beside
// it, which it evaluates. Each file's tests are in the order of its text.
func (e *evaluation) tests(ctx context.Context, entry *module) ([]Test, error) {
	out := e.testsOf(entry)
	dir := filepath.Dir(entry.path)
	var paths []string
	for _, name := range e.world.readDir(dir) {
		if strings.HasSuffix(name, testSuffix) {
			paths = append(paths, filepath.Join(dir, name))
		}
	}
	for _, path := range paths {
		m, err := e.testFile(ctx, entry, path)
		if err != nil {
			return nil, err
		}
		if m != nil && m != entry {
			out = append(out, e.testsOf(m)...)
		}
	}
	return out, nil
}

// testFile reads and evaluates a file of tests. It returns nil if that fails,
// after reporting why.
func (e *evaluation) testFile(ctx context.Context, entry *module, path string) (*module, error) {
	m := &module{path: path, name: filepath.Join(filepath.Dir(entry.name), filepath.Base(path))}
	real, err := e.world.evalSymlinks(path)
	if err != nil {
		return nil, unreadableEntry(path, err)
	}
	if known := e.modules[real]; known != nil && known.done {
		return known, nil // the configuration loads it
	}
	data, err := e.world.readFile(path)
	if err != nil {
		return nil, unreadableEntry(path, err)
	}
	before := e.report.Count(diag.Error)
	e.read(m, real, data)
	if e.report.Count(diag.Error) > before {
		return nil, nil
	}
	if err := e.run(ctx, m); err != nil || e.report.Count(diag.Error) > before {
		return nil, err
	}
	return m, nil
}

// testsOf finds the tests that a file defines.
func (e *evaluation) testsOf(m *module) []Test {
	var out []Test
	for _, name := range m.globals.Keys() {
		fn, ok := m.globals[name].(*starlark.Function)
		if !ok || !strings.HasPrefix(name, testPrefix) || fn.Name() != name || fn.Position().Filename() != m.name {
			continue
		}
		if n := fn.NumParams(); n != 1 || fn.NumKwonlyParams() > 0 || fn.HasVarargs() || fn.HasKwargs() {
			e.report.Add(diag.Diagnostic{Code: codeTest, Severity: diag.Error, Span: e.assignment(m, name),
				Message: fmt.Sprintf("the test `%s` cannot be called: it must take one argument", name),
				Label:   fmt.Sprintf("write def %s(t)", name)})
			continue
		}
		out = append(out, Test{Name: name, Span: e.assignment(m, name), Func: fn})
	}
	slices.SortFunc(out, func(a, b Test) int {
		return cmp.Or(cmp.Compare(a.Span.Line, b.Span.Line), cmp.Compare(a.Span.Col, b.Span.Col))
	})
	return out
}
