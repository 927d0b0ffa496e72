package config

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"go.starlark.net/starlark"
	"go.starlark.net/syntax"

	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/visible"
	"github.com/ldcorn/ldcorn/starlark/builtin"
	"github.com/ldcorn/ldcorn/starlark/diag"
	"github.com/ldcorn/ldcorn/starlark/python"
	"github.com/ldcorn/ldcorn/starlark/python/capture"
	"github.com/ldcorn/ldcorn/starlark/value"
)

// A PythonRun is what Python has made of a file.
type PythonRun struct {
	Use    api.PythonUse
	Result *capture.Result
}

// inputPython is the name of the input that stands for the configuration that
// Python has made. It can differ although everything else that was read is the same.
const inputPython = "python"

// evaluatePython evaluates a Python file: as it is, or rewritten, or else by Python.
func evaluatePython(ctx context.Context, in entry, w *world, opts Options) (*Result, error) {
	if w.replay && w.seen.Python != nil {
		return evaluateRun(ctx, in, w, opts, w.seen.Python)
	}
	first := opts
	var printed bytes.Buffer
	first.Print = &printed
	res, err := evaluateWith(ctx, in, w, first, nil)
	why := beyond(res)
	if err != nil || why == nil || opts.RunPython == nil {
		_, _ = opts.Print.Write(printed.Bytes())
		return res, err
	}
	answerer := newAnswerer(in, w, opts)
	found, err := opts.RunPython(ctx, capture.File{Path: in.path, Name: in.name, Env: w.variables(opts.Env), Answer: answerer.Answer})
	fault := new(capture.Error)
	if errors.As(err, &fault) && !w.replay {
		w.seen.Tried = fault.Files
	}
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case errors.As(err, &fault) && (fault.Kind == capture.Syntax && why.Code == diag.CodeSyntax || slices.Contains(looseCodes, why.Code)):
		return res, nil // it says more
	case errors.As(err, &fault):
		report := &diag.Report{Sources: &diag.Sources{}}
		w.hideVariables(report, opts)
		hideSecrets(report, answerer.secrets)
		return failedRun(in, fault, why, report, func(variable string) string {
			return builtin.ReadDotenv(w.readFile, filepath.Dir(in.path)).Hint(variable, filepath.Dir(in.name))
		}), nil
	case err != nil && slices.Contains(looseCodes, why.Code):
		return res, nil
	case err != nil:
		res.Report.Add(diag.Diagnostic{Code: diag.CodePython, Severity: diag.Error, Span: diag.Span{File: in.name},
			Message: "Python cannot run this file: " + err.Error(), Hint: "--python FILE names an interpreter"})
		return res, nil
	}
	answerer.keepSecrets(found)
	run := &PythonRun{Result: found, Use: api.PythonUse{
		How: api.PythonRun, At: why.Span.String(), Reason: why.Message, Interpreter: found.Interpreter,
	}}
	if !w.replay {
		w.seen.Python = run
	}
	after, err := evaluateRun(ctx, in, w, opts, run)
	if err == nil && after.Plan == nil && slices.Contains(looseCodes, why.Code) {
		return res, nil // the same mistake, where it is written
	}
	return after, err
}

// looseCodes are the codes of errors of values that the Python version may take, as
// it checks little. If it does not, the error of the language says more.
var looseCodes = []string{codeType, codeValue, codeBadEnv}

// beyondCodes are the codes of errors that Python may not have.
var beyondCodes = append([]string{diag.CodePython, diag.CodeSyntax, diag.CodeUndefined, diag.CodeEval, diag.CodeResolve, diag.CodeFrozen, codeLimit}, looseCodes...)

// beyond returns the first error of a result if Python may not have its errors.
func beyond(res *Result) *diag.Diagnostic {
	if res == nil || res.Plan != nil {
		return nil
	}
	var first *diag.Diagnostic
	for i := range res.Report.Diagnostics {
		switch d := &res.Report.Diagnostics[i]; {
		case d.Severity != diag.Error:
		case !slices.Contains(beyondCodes, d.Code):
			return nil
		case first == nil:
			first = d
		}
	}
	return first
}

// BeyondLanguage returns the first error of a configuration in Python if Python may run
// the file although the language does not, or nil.
func (r *Result) BeyondLanguage() *diag.Diagnostic { return beyond(r) }

// evaluateRun evaluates the configuration that Python has made.
func evaluateRun(ctx context.Context, in entry, w *world, opts Options, run *PythonRun) (*Result, error) {
	if text := strings.TrimSuffix(run.Result.Output, "\n"); text != "" {
		_, _ = io.WriteString(opts.Print, in.name+": "+strings.ReplaceAll(visible.Reset(text), "\n", "\n"+in.name+": ")+"\n")
	}
	return evaluateWith(ctx, in, w, opts, run)
}

// unexpected matches the error of Python for an argument that a word does not have.
var unexpected = regexp.MustCompile(`(LdConfig|WorkerGroup)\.__init__\(\) got an unexpected keyword argument '(\w+)'`)

// notImported matches the error of Python for a name that it cannot import from
// ldcorn's stand-in.
var notImported = regexp.MustCompile(`^ImportError: cannot import name '\w+' from 'ldcorn(\.config)?'`)

// undefined matches the error of Python for a name that nothing defines.
var undefined = regexp.MustCompile(`^NameError: name '(\w+)' is not defined`)

// defines matches the places of a Python file that define a name: assignments,
// functions, classes, loops and imports.
var defines = regexp.MustCompile(`(?m)^\s*(?:async\s+)?(?:def|class|for)\s+(\w+)|^\s*(\w+)\s*(?::[^=\n]+)?=[^=]|\bas\s+(\w+)|^\s*(?:from\s+\S+\s+)?import\s+(\w+)|,\s*(\w+)\s*(?:,|$)`)

// pythonNames returns names that a Python file defines.
func pythonNames(text string) (out []string) {
	for _, m := range defines.FindAllStringSubmatch(text, -1) {
		out = append(out, strings.Join(m[1:], "")) // one of them is not empty
	}
	return out
}

// noVariable matches the error of Python for a variable that os.environ does not have.
var noVariable = regexp.MustCompile(`^KeyError: '(\w+)'$`)

// failedRun returns the result for a file that fails in Python, with the report to which
// it adds the failure. Why says why Python ran it. Unset returns advice for a variable that
// is not set.
func failedRun(in entry, fault *capture.Error, why *diag.Diagnostic, report *diag.Report, unset func(string) string) *Result {
	d := diag.Diagnostic{Code: diag.CodeEval, Severity: diag.Error, Message: fault.Message, Detail: fault.Detail}
	if !sameFault(fault, why) {
		d.Label = "Python runs this file because of " + why.Span.String() + ": " + why.Message
	}
	switch fault.Kind {
	case capture.Raised:
		if strings.HasPrefix(fault.Message, "ModuleNotFoundError: ") {
			d.Hint = fmt.Sprintf("%s does not have it; install it there, or name another interpreter with --python", fault.Interpreter)
		}
		if m := undefined.FindStringSubmatch(fault.Message); m != nil {
			if near := diag.Near(m[1], pythonNames(string(in.data))); near != "" {
				d.Hint = fmt.Sprintf("did you mean `%s`?", near)
			}
		}
		if m := unexpected.FindStringSubmatch(fault.Message); m != nil {
			if near := diag.Near(m[2], ArgumentNames(m[1])); near != "" {
				d.Hint = fmt.Sprintf("did you mean `%s`?", near)
			}
		}
		if m := noVariable.FindStringSubmatch(fault.Message); m != nil {
			d.Hint = unset(m[1])
		}
		if notImported.MatchString(fault.Message) {
			d.Hint = python.OnlyImports
		}
	case capture.TooLong:
		d.Code, d.Hint = codeLimit, "--python-timeout DURATION allows more"
	case capture.Unwritable:
		if strings.HasPrefix(fault.Message, "router=") {
			d.Hint = "write the configuration in the language, ldconfig.star: ldcorn calls a function there for each request"
		}
	}
	var file *python.File
	if text := string(source(in.data)); utf8.ValidString(text) {
		report.Sources.Add(in.name, text)
		file, _ = python.Parse(in.name, text)
	}
	d.Span = spanOf(in.name, file, fault.Place, report.Sources)
	if m := unexpected.FindStringSubmatch(fault.Message); m != nil {
		d.Span = report.Sources.Keyword(d.Span, m[2])
	}
	report.Add(d)
	return &Result{Report: report}
}

// sameFault reports whether Python failed where the language did, so that the error
// of the language is not the reason to ask Python but the mistake itself.
func sameFault(fault *capture.Error, why *diag.Diagnostic) bool {
	if fault.Kind != capture.Raised || why.Code != diag.CodeEval {
		return false
	}
	return why.Span.Line == fault.Place.Line || strings.HasSuffix(fault.Message, ": "+why.Message)
}

// spanOf returns the span of a place in a Python file, which may be unknown.
func spanOf(name string, source *python.File, at capture.Place, sources *diag.Sources) diag.Span {
	switch {
	case at.Line == 0:
		return diag.Span{File: name}
	case source != nil:
		return sources.Word(source.SpanAt(at.Line, at.Col))
	}
	return diag.Span{File: name, Line: at.Line, Col: 1}
}

// captured parses the configuration that Python has made, and gives each part the
// position that it has in the file, as far as that is known.
func (l *loader) captured(m *module, data []byte) *syntax.File {
	run := l.run
	l.use = &run.Use
	program, err := run.Result.Program(ArgumentNames)
	var file *syntax.File
	if err == nil {
		file, err = dialect().Parse(m.name, program.Text, 0)
	}
	if err != nil {
		l.report.Add(diag.Diagnostic{Code: diag.CodeSyntax, Severity: diag.Error, Span: diag.Span{File: m.name},
			Message: fmt.Sprintf("the configuration that Python has made cannot be read: %v (this is a bug)", err)})
		return nil
	}
	var text string
	if t := string(source(data)); utf8.ValidString(t) {
		text = t
	}
	l.report.Sources.Add(m.name, text)
	original, _ := python.Parse(m.name, text)
	placeCalls(file, original, program)
	m.words = starlark.StringDict{capture.SecretWord: starlark.NewBuiltin("secret", secretOf)}
	for name, word := range l.words {
		m.words[name] = word
	}
	l.runInputs(run.Result, program)
	l.warnOfRun(m.name, original, run.Result)
	return file
}

func secretOf(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
	secret := value.NewSecret(string(args[0].(starlark.String)))
	if len(args) > 1 {
		return secret.Literally(), nil
	}
	return secret, nil
}

// runInputs records what Python has read.
func (l *loader) runInputs(r *capture.Result, program *capture.Program) {
	for _, f := range r.Files {
		l.inputs.addDigest(plan.InputFile, f.Name, f.Digest, false)
	}
	for _, v := range r.Read {
		// The salt keeps a short secret from being guessed.
		var content []byte
		if v.Digest != "" {
			content = []byte(v.Digest)
		}
		l.inputs.add(plan.InputEnv, v.Name, content, true)
	}
	l.inputs.add(plan.InputSystem, inputPython, []byte(program.Text), true)
}

// warnOfRun warns of what the file has done without an effect on the workers.
func (l *loader) warnOfRun(name string, source *python.File, r *capture.Result) {
	warn := func(at diag.Span, label, format string, args ...any) {
		l.report.Add(diag.Diagnostic{Code: codeLost, Severity: diag.Warning, Span: at, Label: label, Message: fmt.Sprintf(format, args...)})
	}
	file := diag.Span{File: name}
	for _, x := range r.Lost {
		switch x.Word {
		case capture.OwnProcess:
			warn(file, "", "the file changes its own process with %s, but workers start from ldcorn's", x.Name)
			continue
		case "os.environ":
			warn(file, "", "the value of %s in os.environ is not UTF-8 text, so workers do not get it", x.Name)
			continue
		}
		warn(spanOf(name, source, x.Place, l.report.Sources), "", "%s has no argument `%s`, so it has no effect", x.Word, x.Name)
	}
	if source != nil && l.tests {
		for _, x := range source.Tests() {
			warn(source.Span(x), `move it to a file "…_test.star" beside this one`, "the test `%s` does not run, as Python runs this file", x.Message)
		}
	}
	for _, v := range r.Refused {
		warn(file, "", "workers cannot have the variable %s that os.environ gets: ldcorn or Uvicorn sets it", v)
	}
	for _, v := range r.Removed {
		warn(file, `env={"NAME": ""} empties it`, "the variable %s is removed from os.environ, but workers still have it", v)
	}
}

// ArgumentNames returns the names of the arguments of a word, in order.
func ArgumentNames(word string) []string {
	var out []string
	for _, w := range builtin.Words() {
		if w.Name == word {
			for _, a := range w.Arguments {
				out = append(out, a.Name)
			}
		}
	}
	return out
}

// PythonWords returns the words of the language, with the arguments of those that a
// file can import from ldcorn.config.
func PythonWords() []capture.Word {
	var out []capture.Word
	for _, w := range builtin.Words() {
		word := capture.Word{Name: w.Name, Arguments: []capture.Argument{}, Asked: slices.Contains(askedWords, w.Name)}
		if w.Name != "LdConfig" && w.Name != "WorkerGroup" {
			out = append(out, word)
			continue
		}
		for _, a := range w.Arguments {
			word.Arguments = append(word.Arguments, capture.Argument{Name: a.Name, Default: a.Default, Required: a.Required, Keyword: a.Keyword})
		}
		out = append(out, word)
	}
	return out
}
