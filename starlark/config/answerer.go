package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"go.starlark.net/starlark"

	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/starlark/builtin"
	"github.com/ldcorn/ldcorn/starlark/diag"
	"github.com/ldcorn/ldcorn/starlark/python/capture"
	"github.com/ldcorn/ldcorn/starlark/value"
)

// askedWords are the words whose values a file that Python runs has from ldcorn.
var askedWords = []string{
	"arg", "env", "env.int", "env.float", "env.bool", "env.list", "env_file", "secret", "secret_file", "read_json", "read_yaml", "read_toml",
}

// An Answerer gives a file that Python runs the values of words, as the language
// has them. Only one goroutine may use it at a time.
type Answerer struct {
	world   *world
	session *builtin.Session
	report  *diag.Report
	words   starlark.StringDict
	name    string
	opts    Options
	env     map[string]*string // variables that the file has changed
	secrets []capture.Variable // names and values that messages do not show
	hidden  map[capture.Variable]bool
}

// NewAnswerer returns the answerer for the file at path, which messages show under a
// name. It uses the fields of Options that say what the words read.
func NewAnswerer(path, name string, opts Options) (*Answerer, error) {
	opts.fill()
	w := newWorld(&opts)
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	if err := w.settle(filepath.Dir(abs)); err != nil {
		return nil, err
	}
	return newAnswerer(entry{name: name, path: abs, root: w.root}, w, opts), nil
}

func newAnswerer(in entry, w *world, opts Options) *Answerer {
	a := &Answerer{world: w, report: &diag.Report{Sources: &diag.Sources{}}, name: in.name, opts: opts, hidden: make(map[capture.Variable]bool)}
	var l *loader
	a.session = builtin.NewSession(builtin.Options{
		Dir:       filepath.Dir(in.path),
		NameDir:   filepath.Dir(in.name),
		Sources:   a.report.Sources,
		Report:    func(d diag.Diagnostic) { a.report.Diagnostics = append(a.report.Diagnostics, d) },
		LookupEnv: a.lookup,
		ReadFile:  w.readFile,
		CPUs:      w.cpus,
		Input:     func(plan.InputKind, string, []byte, bool) {}, // the evaluation of the result has the same
		Set:       opts.Set,
		Args:      opts.Args,
		Find:      func(from, path string) (builtin.DataFile, *diag.Diagnostic) { return l.find(from, path) },
		FileEnv:   slices.Concat(w.fileEnv, opts.FileEnv),
		Hide:      a.hide,
	})
	l = newLoader(in, a.report, newInputs(nil), a.session, w)
	l.names[in.name] = &module{name: in.name, path: in.path}
	a.words = l.words
	a.words[capture.SecretWord] = starlark.NewBuiltin("secret", secretOf)
	return a
}

// lookup reads a variable as the file would.
func (a *Answerer) lookup(name string) (string, bool) {
	if v, changed := a.env[name]; changed {
		if v == nil {
			return "", false
		}
		return *v, true
	}
	return a.world.lookupEnv(name)
}

func (a *Answerer) hide(name, text string) {
	if v := (capture.Variable{Name: name, Value: text}); !a.hidden[v] {
		a.hidden[v] = true
		a.secrets = append(a.secrets, v)
	}
}

// Answer returns the value of a call, for capture.File.
func (a *Answerer) Answer(q capture.Question) ([]byte, error) {
	a.env, a.report.Diagnostics = q.Env, nil
	thread := &starlark.Thread{Name: a.name}
	thread.SetMaxExecutionSteps(a.opts.MaxSteps)
	a.session.Run(thread)
	v, err := starlark.EvalOptions(dialect(), thread, a.name, q.Text, a.words)
	if len(a.report.Diagnostics) > 0 {
		return nil, errors.New(said(a.report.Diagnostics[0]))
	}
	if err != nil {
		return nil, errors.New(diag.Eval(err, a.report.Sources).Message)
	}
	if s, ok := v.(*value.Secret); ok {
		a.hide(hiddenName(q.Text), s.Reveal())
	}
	plain, err := answered(v)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", q.Word, err)
	}
	return json.Marshal(plain)
}

// keepSecrets gives a result the secrets that the file has, and hides them in its
// output.
func (a *Answerer) keepSecrets(r *capture.Result) {
	var hidden diag.Hidden
	for _, v := range a.secrets {
		hidden.Add(v.Name, v.Value)
	}
	r.Secrets, r.Output = a.secrets, hidden.Text(r.Output)
}

// hideSecrets makes a report quote no secret of a file that Python has run.
func hideSecrets(report *diag.Report, secrets []capture.Variable) {
	for _, v := range secrets {
		report.Hidden.Add(v.Name, v.Value)
	}
}

// said returns what a diagnostic says, in one line.
func said(d diag.Diagnostic) string {
	out := d.Message
	for _, more := range []string{d.Label, d.Hint} {
		if more != "" {
			out += "; " + more
		}
	}
	if d.Span.Line > 0 && d.Code != "" && len(d.Related) > 0 { // in a file that the word reads
		out = d.Span.String() + ": " + out
	}
	return out
}

// hiddenName returns the variable or the file of a call, for messages.
func hiddenName(call string) string {
	_, rest, _ := strings.Cut(call, `"`)
	name, _, _ := strings.Cut(rest, `"`)
	return name
}

// answered returns a value in the form that the script of capture writes and reads.
func answered(v starlark.Value) (any, error) {
	switch v := v.(type) {
	case starlark.NoneType:
		return nil, nil
	case starlark.Bool:
		return bool(v), nil
	case starlark.String:
		return string(v), nil
	case starlark.Int:
		return map[string]string{"int": v.String()}, nil
	case starlark.Float:
		return map[string]string{"float": strconv.FormatFloat(float64(v), 'g', -1, 64)}, nil
	case *value.Secret:
		return map[string]any{"secret": v.Reveal(), "literal": v.IsLiteral()}, nil
	case *starlark.Dict:
		pairs := [][2]any{}
		for _, item := range v.Items() {
			key, err := answered(item[0])
			if err != nil {
				return nil, err
			}
			val, err := answered(item[1])
			if err != nil {
				return nil, err
			}
			pairs = append(pairs, [2]any{key, val})
		}
		return map[string]any{"dict": pairs}, nil
	case starlark.Indexable: // a list or a tuple
		list := make([]any, v.Len())
		for i := range list {
			e, err := answered(v.Index(i))
			if err != nil {
				return nil, err
			}
			list[i] = e
		}
		return list, nil
	case *value.Unset:
		return nil, fmt.Errorf("%s is not set", v.Variable)
	}
	return nil, fmt.Errorf("its value is a %s", v.Type())
}
