package config

import (
	"bytes"
	"cmp"
	"errors"
	"slices"
	"unicode/utf8"

	"go.starlark.net/syntax"

	"github.com/ldcorn/ldcorn/starlark/builtin"
	"github.com/ldcorn/ldcorn/starlark/diag"
)

// Parse parses the text of one configuration file, with its comments. The
// report holds the syntax errors and is nil if there are none.
func Parse(name string, text []byte) (*syntax.File, *diag.Report) {
	report := &diag.Report{Sources: &diag.Sources{}}
	file := parse(name, text, report)
	if file == nil {
		report.Sort(name)
		return nil, report
	}
	return file, nil
}

// parse returns nil if it has reported an error.
func parse(name string, data []byte, report *diag.Report) *syntax.File {
	text, ok := readText(name, data, report)
	if !ok {
		return nil
	}
	return parseText(name, text, report)
}

// readText adds the text of a file to the report. It returns false if the file
// is not text.
func readText(name string, data []byte, report *diag.Report) (string, bool) {
	data = source(data)
	if !utf8.Valid(data) {
		report.Add(diag.Diagnostic{Code: codeSyntax, Severity: diag.Error, Span: diag.Span{File: name},
			Message: "this file is not UTF-8 text"})
		return "", false
	}
	report.Sources.Add(name, string(data))
	if i := bytes.IndexByte(data, 0); i >= 0 {
		// The scanner would take a NUL byte for the end of the file.
		span := diag.Span{File: name, Line: 1 + bytes.Count(data[:i], []byte("\n")), Col: 1}
		report.Add(diag.Diagnostic{Code: codeSyntax, Severity: diag.Error, Span: span, Message: "this file contains a NUL byte, so it is not text"})
		return "", false
	}
	return string(data), true
}

// parseText returns nil if it has reported an error.
func parseText(name, text string, report *diag.Report) *syntax.File {
	if d := report.Sources.TooDeep(name); d != nil {
		report.Add(*d)
		return nil
	}
	file, err := dialect().Parse(name, text, syntax.RetainComments)
	if err == nil {
		return file
	}
	var e syntax.Error
	if !errors.As(err, &e) {
		report.Add(diag.Diagnostic{Code: codeSyntax, Severity: diag.Error, Span: diag.Span{File: name}, Message: err.Error()})
		return nil
	}
	for _, d := range diag.Syntax(e, report.Sources) {
		report.Add(d)
	}
	return nil
}

// Files returns the paths of a configuration and of the files that it loads, as
// messages show them. It evaluates nothing and skips a load that does not work,
// since Evaluate reports it in detail. The error says why the configuration
// could not be read.
func Files(path string) ([]string, error) {
	l, in, err := readOnly(path, Options{LookupEnv: func(string) (string, bool) { return "", false }})
	if err != nil {
		return nil, err
	}
	var loaded []string
	for name := range l.names {
		if name != in.name {
			loaded = append(loaded, name)
		}
	}
	slices.Sort(loaded)
	return append([]string{in.name}, loaded...), nil
}

// Read reads a file and the files that it loads, and evaluates nothing. The report has
// the errors of syntax, of names and of loads. The error is that of Evaluate.
func Read(path string, opts Options) (*diag.Report, error) {
	l, in, err := readOnly(path, opts)
	if err != nil {
		return nil, err
	}
	l.report.Sort(in.name)
	return l.report, nil
}

// readOnly reads a file and the files that it loads.
func readOnly(path string, opts Options) (*loader, entry, error) {
	opts.fill()
	w := newWorld(&opts)
	in, err := open(path, cmp.Or(opts.Name, path), w)
	if err != nil {
		return nil, in, err
	}
	report := &diag.Report{Sources: &diag.Sources{}}
	l := newLoader(in, report, newInputs(opts.Salt), builtin.NewSession(builtin.Options{}), w)
	l.watch = func(doing, file string) func() { return opts.Watch(doing, file, opts.Timeout) }
	l.read(&module{name: in.name, path: in.path}, in.real, in.data)
	return l, in, nil
}
