package config

import (
	"fmt"
	"maps"
	"strings"

	"go.starlark.net/syntax"

	"github.com/ldcorn/ldcorn/starlark/diag"
	"github.com/ldcorn/ldcorn/starlark/python"
)

// python parses a file of Python as Starlark, each word where it was, and
// gives the module the names that its imports bind. It returns nil where it
// has reported what cannot be taken as it is.
func (l *loader) python(m *module, data []byte) (file *syntax.File) {
	defer func() {
		// A fault of the reader must not take a running master down.
		if r := recover(); r != nil {
			file = nil
			l.report.Add(diag.Diagnostic{Code: diag.CodeSyntax, Severity: diag.Error, Span: diag.Span{File: m.name},
				Message: fmt.Sprintf("the reader of Python failed: %v (this is a bug)", r)})
		}
	}()
	text, ok := readText(m.name, data, l.report)
	if !ok {
		return nil
	}
	source, wrong := python.Parse(m.name, text)
	if wrong != nil {
		l.noPython(m, text, wrong)
		return nil
	}
	findings, migrates := source.Beyond()
	for _, x := range findings {
		l.report.Add(diag.Diagnostic{
			Code: diag.CodePython, Severity: diag.Error, Span: source.Span(x),
			Message: x.Message, Label: x.Label, Hint: migrateHint(m.name, migrates),
		})
	}
	if len(findings) > 0 {
		return nil
	}
	m.words = maps.Clone(l.words)
	maps.Copy(m.words, l.session.Python(source.Names(), m.path))
	return parseText(m.name, source.Blank(), l.report)
}

// noPython reports what is wrong with a file that is no Python either.
// Starlark's parser says more about that; it is asked first, and does not see
// the imports.
func (l *loader) noPython(m *module, text string, wrong *diag.Diagnostic) {
	blanked := python.WithoutImports(text)
	l.report.Sources.Add(m.name, blanked)
	if parseText(m.name, blanked, l.report) != nil {
		l.report.Add(*wrong)
	}
	l.report.Sources.Add(m.name, text)
}

// migrateHint is the command that deals with what a file of Python cannot
// have.
func migrateHint(name string, mechanical bool) string {
	out := strings.TrimSuffix(name, ".py") + ".star"
	if mechanical {
		return fmt.Sprintf("`ldcorn migrate %s -o %s` rewrites it", name, out)
	}
	return fmt.Sprintf("`ldcorn migrate --exec %s -o %s` runs the Python once and writes what it gives", name, out)
}

// hintPython names the way out where a file of Python has errors that come of
// what Starlark lacks.
func (l *loader) hintPython() {
	for i := range l.report.Diagnostics {
		d := &l.report.Diagnostics[i]
		if python.Is(d.Span.File) && d.Hint == "" && (d.Code == diag.CodeUndefined || d.Code == diag.CodeEval) {
			d.Hint = migrateHint(d.Span.File, false)
		}
	}
}
