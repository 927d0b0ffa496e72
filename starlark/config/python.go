package config

import (
	"fmt"
	"maps"
	"strings"

	"go.starlark.net/syntax"

	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/starlark/diag"
	"github.com/ldcorn/ldcorn/starlark/python"
)

// python parses a Python file as Starlark, keeping each word where it is, and
// gives the module the names that its imports bind. It returns nil if it has
// reported an error.
func (l *loader) python(m *module, data []byte) (file *syntax.File) {
	defer func() {
		// A bug in the Python reader must not take down a running master.
		if r := recover(); r != nil {
			file = nil
			l.report.Add(diag.Diagnostic{Code: diag.CodeSyntax, Severity: diag.Error, Span: diag.Span{File: m.name},
				Message: fmt.Sprintf("the Python reader failed: %v (this is a bug)", r)})
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
	migration := source.Migrate()
	var findings []python.Finding
	for _, x := range migration.Findings {
		if !x.Runs {
			findings = append(findings, x)
		}
	}
	if len(findings) == 0 || migration.Complete() { // otherwise Python runs it anyway
		if x, differs := source.Differs(); differs && (l.canRun || l.noExec) {
			l.report.Add(diag.Diagnostic{Code: diag.CodePython, Severity: diag.Error, Span: source.Span(x), Message: x.Message, Hint: l.beyondHint(m.name)})
			return nil
		}
	}
	if len(findings) == 0 {
		l.use = &api.PythonUse{How: api.PythonLanguage}
		m.words = maps.Clone(l.words)
		maps.Copy(m.words, l.session.Python(source.Names(), m.path))
		return parseText(m.name, source.Blank(), l.report)
	}
	if migration.Complete() {
		l.use = &api.PythonUse{How: api.PythonRewritten, At: source.Span(findings[0]).String(), Reason: findings[0].Message}
		return l.rewritten(m, source, migration)
	}
	for _, x := range findings {
		l.report.Add(diag.Diagnostic{
			Code: diag.CodePython, Severity: diag.Error, Span: source.Span(x),
			Message: x.Message, Label: x.Label, Hint: l.beyondHint(m.name),
		})
	}
	return nil
}

// rewritten parses a file as Migrate has rewritten it. Each word keeps the
// position that it has in Python.
func (l *loader) rewritten(m *module, source *python.File, migration *python.Migration) *syntax.File {
	scratch := &diag.Report{Sources: &diag.Sources{}}
	scratch.Sources.Add(m.name, migration.Text)
	file := parseText(m.name, migration.Text, scratch)
	if file == nil {
		l.report.Add(diag.Diagnostic{Code: diag.CodePython, Severity: diag.Error, Span: diag.Span{File: m.name},
			Message: "this Python cannot be rewritten in the language: " + scratch.Error(), Hint: l.beyondHint(m.name)})
		return nil
	}
	reposition(file, source.Places(migration).At)
	return file
}

// noPython reports why a file is not Python. Starlark's parser gives better
// errors, so it runs first, without the imports.
func (l *loader) noPython(m *module, text string, wrong *diag.Diagnostic) {
	blanked := python.WithoutImports(text)
	l.report.Sources.Add(m.name, blanked)
	if parseText(m.name, blanked, l.report) != nil {
		l.report.Add(*wrong)
	}
	l.report.Sources.Add(m.name, text)
}

// beyondHint returns what to do about a Python file that is beyond the language and
// that Python does not run.
func (l *loader) beyondHint(name string) string {
	out := strings.TrimSuffix(name, ".py") + ".star"
	hint := fmt.Sprintf("`ldcorn migrate --exec %s -o %s` runs the Python once and writes its result", name, out)
	if l.noExec {
		return "without --no-exec, Python runs the file; " + hint
	}
	return hint
}

// hintPython adds a way out to the errors of a Python file that come from
// features that Starlark lacks.
func (l *loader) hintPython() {
	for i := range l.report.Diagnostics {
		d := &l.report.Diagnostics[i]
		if python.Is(d.Span.File) && d.Hint == "" && (d.Code == diag.CodeUndefined || d.Code == diag.CodeEval) {
			d.Hint = l.beyondHint(d.Span.File)
		}
	}
}
