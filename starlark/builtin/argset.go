package builtin

import (
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.starlark.net/starlark"

	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/starlark/diag"
	"github.com/ldcorn/ldcorn/starlark/value"
)

// setArg gives the argument the value of --set, if there is one.
func (c *call) setArg(a *argument) {
	if v := c.session.opts.Args[a.Name]; v != nil {
		c.giveArg(a, v)
		return
	}
	text, set := c.session.opts.Set[a.Name]
	if !set {
		return
	}
	kind := argKinds[a.Type]
	if a.Type != api.ArgStr {
		text = strings.TrimSpace(text)
	}
	v, ok := kind.parse(text)
	if !ok && a.Type == api.ArgInt && digits.MatchString(text) {
		kind.what = "a whole number of at most 18 digits"
	}
	if !ok {
		c.report(diag.Diagnostic{Code: codeSet, Span: a.span,
			Message: fmt.Sprintf("--set %s=%s: the argument wants %s, got %s", a.Name, shownSetting(text), kind.what, value.Quote(text)),
			Label:   fmt.Sprintf("its default is %s", a.DefaultText())})
		return
	}
	a.Set = true
	a.Value, _ = a.read(v) // as parsed
}

var digits = regexp.MustCompile(`^[-+]?[0-9]+$`)

// giveArg gives the argument a value of the language.
func (c *call) giveArg(a *argument, v starlark.Value) {
	read, err := a.read(v)
	if err != nil {
		c.wrong(a.span, fmt.Sprintf("the value of the argument `%s`", a.Name), codeSet, err)
		return
	}
	a.Set, a.Value = true, read
}

// read returns a value of the argument's type.
func (a *argument) read(v starlark.Value) (any, error) {
	switch a.Type {
	case api.ArgInt:
		return value.Int(v, math.MinInt, math.MaxInt)
	case api.ArgFloat:
		return value.Float(v)
	case api.ArgBool:
		return value.Bool(v)
	case api.ArgStr:
		return value.String(v)
	}
	return value.Strings(v)
}

// shownSetting returns a value of --set as a message shows it.
func shownSetting(text string) string {
	quoted := value.Quote(text)
	return quoted[1 : len(quoted)-1]
}

// starlark returns the value of the argument. A list is a new one each time, unless
// it is the default.
func (a *argument) starlark() starlark.Value {
	if !a.Set {
		return a.original
	}
	switch v := a.Value.(type) {
	case int:
		return starlark.MakeInt(v)
	case float64:
		return starlark.Float(v)
	case bool:
		return starlark.Bool(v)
	case string:
		return starlark.String(v)
	}
	list := starlark.NewList(nil)
	for _, e := range a.Value.([]string) {
		_ = list.Append(starlark.String(e)) // it is not frozen
	}
	return list
}

// Args returns the arguments of the configuration, in the order of their first use.
func (s *Session) Args() []api.Arg {
	out := make([]api.Arg, len(s.args))
	for i, a := range s.args {
		out[i] = a.Arg
	}
	return out
}

// CheckArgs reports the names that are set and that no argument has. Call it after
// the evaluation of a file without errors.
func (s *Session) CheckArgs(file string) {
	var names []string
	for _, a := range s.args {
		names = append(names, a.Name)
	}
	names = append(names, s.vague...)
	given := slices.Concat(slices.Collect(maps.Keys(s.opts.Set)), slices.Collect(maps.Keys(s.opts.Args)))
	slices.Sort(given)
	for _, name := range given {
		if slices.Contains(names, name) {
			continue
		}
		d := diag.Diagnostic{Code: codeSet, Severity: diag.Error, Span: diag.Span{File: file},
			Message: fmt.Sprintf("the configuration has no argument `%s`", shownName(name))}
		if text, set := s.opts.Set[name]; set {
			d.Message = fmt.Sprintf("--set %s=%s: ", shownName(name), shownSetting(text)) + d.Message
		}
		switch near := diag.Near(name, names); {
		case near != "":
			d.Hint = fmt.Sprintf("did you mean `%s`?", near)
		case len(names) > 0:
			d.Hint = fmt.Sprintf("its arguments are %s; a running master forgets one with `ldcorn reload --unset %s`", strings.Join(names, ", "), shownName(name))
		default:
			d.Hint = fmt.Sprintf("arg(%q, %s) declares it; a running master forgets one with `ldcorn reload --unset %[1]s`", shownName(name), likeDefault(s.opts.Set[name]))
		}
		s.opts.Report(d)
	}
}

// likeDefault returns a default of the type that a setting has, for an example.
func likeDefault(setting string) string {
	if _, err := strconv.Atoi(setting); err == nil && len(setting) < 10 {
		return setting
	}
	switch strings.ToLower(setting) {
	case "true":
		return "True"
	case "false":
		return "False"
	}
	return `"…"`
}
