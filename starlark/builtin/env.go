package builtin

import (
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"go.starlark.net/starlark"

	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/visible"
	"github.com/ldcorn/ldcorn/starlark/diag"
	"github.com/ldcorn/ldcorn/starlark/dotenv"
	"github.com/ldcorn/ldcorn/starlark/value"
)

// An envKind is a form of env: how it reads its variable and which default it
// accepts.
type envKind struct {
	word    string // "env", "env.int"
	returns string
	what    string // for messages: "a whole number"
	parse   func(s string) (starlark.Value, bool)
	accepts func(def starlark.Value) error
}

func envKinds() []envKind {
	return []envKind{
		{"env", "str", "a string", func(s string) (starlark.Value, bool) { return starlark.String(s), true },
			func(v starlark.Value) error { _, err := value.NumberString(v); return err }},
		{"env.int", "int", "a whole number", parseInt,
			func(v starlark.Value) error { _, err := value.Int(v, -noLimit, noLimit); return err }},
		{"env.float", "float", "a number", parseFloat,
			func(v starlark.Value) error { _, err := value.Float(v); return err }},
		{"env.bool", "bool", "true or false", parseBool,
			func(v starlark.Value) error { _, err := value.Bool(v); return err }},
		{"env.list", "list[str]", "a list", parseList,
			func(v starlark.Value) error { _, err := value.Strings(v); return err }},
	}
}

func envWords() []Word {
	docs := map[string]string{
		"env":       "The value of an environment variable.",
		"env.int":   "An environment variable as a whole number.",
		"env.float": "An environment variable as a number.",
		"env.bool":  "An environment variable as True or False: true, yes, on and 1, or false, no, off and 0.",
		"env.list":  "An environment variable as a list: its comma-separated parts, without spaces around them.",
	}
	var out []Word
	for _, k := range envKinds() {
		out = append(out, Word{Name: k.word, Returns: k.returns, Doc: docs[k.word], Arguments: []Argument{
			{Name: "name", Type: "str", Required: true, Doc: "The variable.", Example: `"NAME"`, aka: []string{"key", "var", "variable"}},
			{Name: "default", Type: k.returns + " | None", Absent: "the variable must be set", Doc: "The result if the variable is not set.", aka: []string{"fallback"}},
		}})
	}
	return out
}

// An envFunc is the word env, a function with functions as attributes.
type envFunc struct {
	*starlark.Builtin
	kinds map[string]*starlark.Builtin // "int" → env.int
}

var (
	_ starlark.Callable = (*envFunc)(nil)
	_ starlark.HasAttrs = (*envFunc)(nil)
)

// Type returns the name for messages.
func (f *envFunc) Type() string { return "env" }

// Attr returns the form of env with the given name.
func (f *envFunc) Attr(name string) (starlark.Value, error) {
	if b := f.kinds[name]; b != nil {
		return b, nil
	}
	return nil, nil
}

func (f *envFunc) AttrNames() []string { return []string{"bool", "float", "int", "list"} }

func (s *Session) envWord() starlark.Value {
	f := &envFunc{kinds: make(map[string]*starlark.Builtin)}
	for _, k := range envKinds() {
		b := starlark.NewBuiltin(k.word, s.whileLoading(func(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			return s.readEnv(thread, &k, args, kwargs), nil
		}))
		if _, name, ok := strings.Cut(k.word, "."); ok {
			f.kinds[name] = b
		} else {
			f.Builtin = b
		}
	}
	return f
}

// readEnv implements every form of env.
func (s *Session) readEnv(thread *starlark.Thread, kind *envKind, args starlark.Tuple, kwargs []starlark.Tuple) starlark.Value {
	c := s.begin(thread, s.words[kind.word])
	have := c.bind(args, kwargs)
	name, span, ok := c.variable(have["name"])
	if def := have["default"]; def != nil && def.value != starlark.None && !value.IsUnset(def.value) {
		if err := kind.accepts(def.value); err != nil {
			c.wrongValue(def, betterKind(err, kind, name, def.value))
		}
	}
	if !ok || c.failed {
		return s.stand(name)
	}
	text, set := s.lookup(name, false)
	if !set {
		if def := have["default"]; def != nil {
			return def.value
		}
		return c.unset(name, span)
	}
	if s.isOfFile(name) {
		s.opts.Hide(shownName(name), text)
	}
	v, ok := kind.parse(strings.TrimSpace(text))
	if kind.word == "env" {
		v, ok = starlark.String(text), true
	}
	if !ok {
		message := fmt.Sprintf("environment variable %s is not %s: %s", shownName(name), kind.what, value.Quote(text))
		switch {
		case strings.TrimSpace(text) == "":
			message = fmt.Sprintf("environment variable %s is empty, not %s", shownName(name), kind.what)
		case s.isOfFile(name):
			message = fmt.Sprintf("environment variable %s, which a file sets, is not %s", shownName(name), kind.what)
		}
		c.report(diag.Diagnostic{Code: codeBadEnv, Span: span, Message: message})
		if def := have["default"]; def != nil {
			return def.value // already has the right type
		}
		return s.stand(name)
	}
	return v
}

// betterKind suggests the form of env that matches the default.
func betterKind(err error, kind *envKind, name string, def starlark.Value) error {
	suffix := ""
	switch def.(type) {
	case starlark.Int:
		suffix = "env.int"
	case starlark.Float:
		suffix = "env.float"
	case starlark.Bool:
		suffix = "env.bool"
	case *starlark.List, starlark.Tuple:
		suffix = "env.list"
	case starlark.String:
		suffix = "env"
	}
	e, ok := err.(*value.Error)
	if !ok || suffix == "" || suffix == kind.word || name == "" || !e.Type || kind.word != "env" {
		return err
	}
	better := *e
	better.Label = fmt.Sprintf("write %s(%q, %s)", suffix, shownName(name), def)
	return &better
}

// variable reads the name of an environment variable.
func (c *call) variable(g *given) (string, diag.Span, bool) {
	if g == nil || value.IsUnset(g.value) {
		return "", c.span, false
	}
	name, err := value.String(g.value)
	if err == nil && !envName.MatchString(name) {
		label := ""
		if bare := strings.Trim(name, "${} "); envName.MatchString(bare) {
			label = fmt.Sprintf("write %q", bare)
		}
		err = value.Wrong(label, "is not a name of an environment variable: %s", value.Quote(name))
	}
	if err != nil {
		c.wrongValue(g, err)
		return "", g.span, false
	}
	return name, g.span, true
}

// lookup reads an environment variable and records that it was read. A variable that
// is not set can be that of a file.
func (s *Session) lookup(name string, secret bool) (string, bool) {
	text, set := s.opts.LookupEnv(name)
	var content []byte
	if set {
		content = []byte(text) // not nil, even when empty
		if content == nil {
			content = []byte{}
		}
	}
	s.opts.Input(plan.InputEnv, name, content, secret)
	if !set {
		text, set = s.fileEnv[name]
	}
	return text, set
}

// isOfFile reports whether lookup finds the variable in a file of variables, whose
// values are secrets.
func (s *Session) isOfFile(name string) bool {
	text, found := s.fileEnv[name]
	if v, set := s.opts.LookupEnv(name); set && v != text { // a command can set the variables of its files
		return false
	}
	return found
}

// shownName returns the name of a variable as messages show it.
func shownName(name string) string {
	const most = 100 // bytes
	return visible.Cut(name, most)
}

// unset reports a variable that must be set, unless unset variables are allowed or a
// file that may set it could not be read, which has been reported.
func (c *call) unset(name string, span diag.Span) starlark.Value {
	if c.session.opts.AllowMissing || c.session.unread {
		return c.session.stand(name)
	}
	if !c.swallowed(name, span) {
		c.report(diag.Diagnostic{
			Code: codeUnsetEnv, Span: span,
			Message: fmt.Sprintf("environment variable %s is not set", shownName(name)),
			Label:   fmt.Sprintf("set it, or give a default: %s(%q, …)", c.word.Name, shownName(name)),
			Hint:    c.session.dotenvHint(name),
		})
	}
	return c.session.stand(name)
}

// dotenvHint returns advice if a file of variables beside the configuration sets one that
// nothing else does.
func (s *Session) dotenvHint(name string) string {
	if !s.dotenvRead {
		s.dotenvRead, s.dotenv = true, ReadDotenv(s.opts.ReadFile, s.opts.Dir)
	}
	hint := s.dotenv.Hint(name, s.opts.NameDir)
	if hint != "" {
		hint += fmt.Sprintf(", or call env_file(%q) first", dotenvName)
	}
	return hint
}

// A Dotenv has the variables of a file that lies beside a configuration and that the
// configuration does not read.
type Dotenv []dotenv.Variable

// dotenvName is the usual name of a file of variables.
const dotenvName = ".env"

// ReadDotenv reads the file in a folder. The result is nil if there is none.
func ReadDotenv(readFile func(path string) ([]byte, error), dir string) Dotenv {
	data, err := readFile(filepath.Join(dir, dotenvName))
	if err != nil {
		return nil
	}
	// A mistake in the file is not one in the configuration.
	vars, _ := dotenv.Parse(string(data), func(string) (string, bool) { return "", true })
	return vars
}

// Hint returns advice for a configuration that needs a variable, or "" if the file does
// not set it. Messages show the file in nameDir.
func (d Dotenv) Hint(variable, nameDir string) string {
	if !slices.ContainsFunc(d, func(v dotenv.Variable) bool { return v.Name == variable }) {
		return ""
	}
	path := filepath.Join(nameDir, dotenvName)
	return fmt.Sprintf("%s sets %s: add --env-file %[1]s", path, shownName(variable))
}

// swallowed reports a file whose quotes hide the line that sets a variable. The other
// variables that the same file may set are then left out.
func (c *call) swallowed(name string, span diag.Span) bool {
	for _, v := range c.session.files {
		if line := v.Swallows(name); line > 0 {
			c.report(diag.Diagnostic{
				Code: codeSecret, Span: diag.Span{File: v.File, Line: v.Line, Col: 1},
				Message: fmt.Sprintf("the quoted value of %s takes in line %d, which sets %s", shownName(v.Name), line, shownName(name)),
				Hint:    "end the quotes where the value is meant to end",
				Related: []diag.Related{{Span: span, Label: "the variable is not set"}},
			})
			c.session.unread = true
			return true
		}
	}
	return false
}

// stand returns the stand-in for the value of an unset variable.
func (s *Session) stand(name string) starlark.Value {
	s.unset = true
	return &value.Unset{Variable: name}
}

func parseInt(s string) (starlark.Value, bool) {
	n, err := strconv.Atoi(s)
	return starlark.MakeInt(n), err == nil
}

func parseFloat(s string) (starlark.Value, bool) {
	f, err := strconv.ParseFloat(s, 64)
	return starlark.Float(f), err == nil
}

func parseBool(s string) (starlark.Value, bool) {
	switch strings.ToLower(s) {
	case "true", "yes", "on", "1", "y", "t":
		return starlark.True, true
	case "false", "no", "off", "0", "n", "f":
		return starlark.False, true
	}
	return nil, false
}

func parseList(s string) (starlark.Value, bool) {
	var elems []starlark.Value
	for part := range strings.SplitSeq(s, ",") {
		if part = strings.TrimSpace(part); part != "" {
			elems = append(elems, starlark.String(part))
		}
	}
	return starlark.NewList(elems), true
}
