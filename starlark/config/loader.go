package config

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"strings"
	"unicode"

	"go.starlark.net/resolve"
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"

	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/starlark/bound"
	"github.com/ldcorn/ldcorn/starlark/builtin"
	"github.com/ldcorn/ldcorn/starlark/diag"
	"github.com/ldcorn/ldcorn/starlark/python"
	"github.com/ldcorn/ldcorn/starlark/python/exact"
)

// dialect returns the options for the syntax beyond plain Starlark. Unbounded
// loops and recursion stay forbidden.
func dialect() *syntax.FileOptions {
	return &syntax.FileOptions{Set: true, TopLevelControl: true, GlobalReassign: true}
}

// A module is one file of a configuration.
type module struct {
	name    string // as messages show it
	path    string // absolute, as asked for
	file    *syntax.File
	program *starlark.Program
	words   starlark.StringDict // predeclared in it, besides those of Starlark
	loads   map[string]*module  // by the string in load(); nil if the load failed

	reading bool
	done    bool // evaluated
	globals starlark.StringDict
}

// A loader reads a file and all files that it loads before anything is
// evaluated, so that it finds the mistakes of all files at once.
type loader struct {
	root    string // the entry's folder, with symbolic links followed
	dir     string // the same, as asked for
	entry   string // name of the entry
	report  *diag.Report
	inputs  *inputs
	world   *world
	watch   func(doing, file string) (done func())
	session *builtin.Session
	words   starlark.StringDict // predeclared in every file
	modules map[string]*module  // by path with symbolic links followed
	names   map[string]*module  // by name
	chain   []link
	use     *api.PythonUse // how the entry is read, if it is Python
	run     *PythonRun     // of the entry; nil unless Python has run it
	tests   bool           // the tests are wanted
	canRun  bool           // Python may run the entry
	noExec  bool           // the user has forbidden Python
}

func newLoader(in entry, report *diag.Report, read *inputs, session *builtin.Session, w *world) *loader {
	words := session.Predeclared()
	maps.Copy(words, bound.Words(session.Closed))
	return &loader{
		root: in.root, dir: filepath.Dir(in.path), entry: in.name,
		report: report, inputs: read, session: session, words: words, world: w,
		watch:   func(string, string) func() { return func() {} },
		modules: make(map[string]*module), names: make(map[string]*module),
	}
}

// A link is a load on the way from the entry to the current file.
type link struct {
	from *module
	span diag.Span // of the string in load()
}

// read parses a file and all files that it loads. Real is its path with
// symbolic links followed.
func (l *loader) read(m *module, real string, data []byte) {
	defer l.watch("reading", m.name)()
	l.inputs.add(plan.InputFile, m.path, data, false)
	l.modules[real], l.names[m.name] = m, m
	m.words = l.words
	if python.Is(m.name) && l.run != nil {
		m.file = l.captured(m, data)
	} else if python.Is(m.name) {
		m.file = l.python(m, data)
	} else {
		m.file = parse(m.name, data, l.report)
	}
	if m.file == nil {
		return
	}
	l.report.Sources.Index(m.file)
	m.reading = true
	for _, stmt := range m.file.Stmts {
		if load, ok := stmt.(*syntax.LoadStmt); ok {
			l.follow(m, load)
		}
	}
	m.reading = false
	if python.Is(m.name) && l.run == nil && (l.canRun || l.noExec) {
		exact.Rewrite(m.file)
		m.words = exact.Words(m.words, l.session.Closed)
	}
	bound.Rewrite(m.file)
	var err error
	m.program, err = starlark.FileProgram(m.file, m.words.Has)
	var errs resolve.ErrorList
	if errors.As(err, &errs) {
		for _, d := range diag.Resolve(errs, l.report.Sources, diag.Names{Words: known(m.words), TakesText: builtin.TakesText}) {
			l.report.Add(d)
		}
	}
}

// known returns the predeclared names of a file.
func known(words starlark.StringDict) []string {
	names := starlark.Universe.Keys()
	for name := range words {
		if unicode.IsLetter(rune(name[0])) { // otherwise it is the name of an operator
			names = append(names, name)
		}
	}
	return names
}

// follow reads the file that a load names.
func (l *loader) follow(m *module, load *syntax.LoadStmt) {
	name := load.ModuleName()
	if _, done := m.loads[name]; done {
		return
	}
	if m.loads == nil {
		m.loads = make(map[string]*module)
	}
	here := link{m, l.report.Sources.Span(load.Module)}
	target, real, problem := l.locate(m, name)
	if problem != nil {
		problem.Severity, problem.Span = diag.Error, here.span
		l.report.Add(*problem)
		m.loads[name] = nil
		return
	}
	if known := l.modules[real]; known != nil {
		if known.reading {
			l.cycle(known, here)
		}
		m.loads[name] = known
		return
	}
	data, err := l.world.readFile(target.path)
	if err != nil {
		l.report.Add(diag.Diagnostic{Code: codeLoad, Severity: diag.Error, Span: here.span, Message: unreadable(name, err)})
		m.loads[name] = nil
		return
	}
	m.loads[name] = target
	l.chain = append(l.chain, here)
	l.read(target, real, data)
	l.chain = l.chain[:len(l.chain)-1]
}

func unreadable(name string, err error) string {
	return fmt.Sprintf("cannot load %q: %v", name, innermost(err))
}

// locate finds the file that m loads by name.
func (l *loader) locate(m *module, name string) (*module, string, *diag.Diagnostic) {
	if !strings.HasSuffix(name, ".star") || strings.ContainsRune(name, 0) {
		return nil, "", &diag.Diagnostic{Code: codeLoad, Message: fmt.Sprintf("load reads .star files only, not %q", name),
			Label: "rename the file, or copy the parts that you need"}
	}
	target, err := l.place(m, name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, "", &diag.Diagnostic{Code: codeLoad, Message: fmt.Sprintf("there is no file %s", target.name), Label: l.nearFile(target.path, name)}
	case err != nil:
		return nil, "", misplaced(err, codeLoad, "load", "loaded", name)
	}
	return &module{path: target.path, name: target.name}, target.real, nil
}

// A target is a file that a file of the configuration names.
type target struct {
	path string // absolute, as asked for
	name string // as messages show it
	real string // path with symbolic links followed
}

// These are errors of place.
var (
	errAbsolute = errors.New("an absolute path")
	errOutside  = errors.New("a file outside the configuration's folder")
)

// place finds the file that m names. The target has a path and a name if the error is
// fs.ErrNotExist.
func (l *loader) place(m *module, name string) (target, error) {
	below, fromRoot := strings.CutPrefix(name, "//")
	if !fromRoot && filepath.IsAbs(name) {
		return target{}, errAbsolute
	}
	t := target{path: filepath.Join(filepath.Dir(m.path), name), name: filepath.Join(filepath.Dir(m.name), name)}
	if fromRoot {
		t.path = filepath.Join(l.dir, below)
		t.name = filepath.Join(filepath.Dir(l.entry), below)
	}
	var err error
	t.real, err = l.world.evalSymlinks(t.path)
	if rel, relErr := filepath.Rel(l.dir, t.path); err != nil && (relErr != nil || !filepath.IsLocal(rel)) {
		return t, errOutside
	}
	if err != nil {
		return t, err
	}
	if rel, err := filepath.Rel(l.root, t.real); err != nil || !filepath.IsLocal(rel) {
		return t, errOutside
	}
	return t, nil
}

// misplaced returns the diagnostic for an error of place. Word and done are the word
// that names the file and what it does with the file.
func misplaced(err error, code, word, done, name string) *diag.Diagnostic {
	d := &diag.Diagnostic{Code: code, Severity: diag.Error}
	switch {
	case errors.Is(err, errAbsolute):
		d.Message, d.Label = fmt.Sprintf("%s does not take an absolute path: %q", word, name), `a path starts at this file's folder, or with // at the configuration's`
	case errors.Is(err, errOutside):
		d.Message, d.Label = fmt.Sprintf("%q is outside the configuration's folder", name), "only files in it can be "+done
	default:
		d.Message = unreadable(name, err)
	}
	return d
}

// find finds a file of data that a file of the configuration names.
func (l *loader) find(from, name string) (builtin.DataFile, *diag.Diagnostic) {
	m := l.names[from]
	if m == nil {
		m = l.names[l.entry]
	}
	t, err := l.place(m, name)
	found := builtin.DataFile{Path: t.path, Name: t.name}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		found.Missing, found.Near = true, l.nearFile(t.path, name)
	case err != nil:
		return found, misplaced(err, "", "this word", "read", name)
	}
	return found, nil
}

// nearFile suggests an existing file with a similar name and the same extension.
func (l *loader) nearFile(path, name string) string {
	var names []string
	for _, name := range l.world.readDir(filepath.Dir(path)) {
		if filepath.Ext(name) == filepath.Ext(path) {
			names = append(names, name)
		}
	}
	near := diag.Near(filepath.Base(path), names)
	if near == "" {
		return ""
	}
	return fmt.Sprintf("did you mean %q?", strings.TrimSuffix(name, filepath.Base(name))+near)
}

// cycle reports files that load each other, as a chain.
func (l *loader) cycle(first *module, last link) {
	links := append(append([]link(nil), l.chain...), last)
	for len(links) > 1 && links[0].from != first {
		links = links[1:]
	}
	var names []string
	d := diag.Diagnostic{Code: codeCycle, Severity: diag.Error, Span: last.span, Label: "move the shared parts into a third file"}
	for i, ln := range links {
		names = append(names, ln.from.name)
		if i < len(links)-1 {
			d.Related = append(d.Related, diag.Related{Span: ln.span, Label: "loaded here"})
		}
	}
	d.Message = "files load each other in a circle: " + strings.Join(append(names, first.name), " → ")
	if len(links) == 1 {
		d.Message, d.Label = fmt.Sprintf("%s loads itself", first.name), "remove this line"
	}
	l.report.Add(d)
}
