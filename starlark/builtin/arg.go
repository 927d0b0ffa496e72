package builtin

import (
	"fmt"
	"math"
	"regexp"
	"strings"
	"unicode/utf8"

	"go.starlark.net/starlark"

	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/starlark/diag"
	"github.com/ldcorn/ldcorn/starlark/value"
)

// argTypes are the types of an argument of the configuration, as in a stub file.
const argTypes = "str | bool | int | float | list[str]"

func argWord() Word {
	return Word{
		Name: "arg", Returns: argTypes, Like: "default",
		Doc: "An argument of the configuration: the default, or the value that `--set NAME=VALUE` gives on the command line. The default gives the type. A list is written with commas, as in --set hosts=a,b.",
		Arguments: []Argument{
			{Name: "name", Type: "str", Required: true, Rule: "a letter or _, then letters, digits and _; at most 48", Doc: "The name for --set. The same name has the same default everywhere.",
				Example: `"workers"`, aka: []string{"key", "arg", "flag"}},
			{Name: "default", Type: argTypes, Required: true, Doc: "The value without --set.", Example: "a default, such as 2", aka: []string{"value", "fallback"}},
			{Name: "help", Type: "str", Default: `""`, Doc: "What the argument is for: ldcorn args shows it.", aka: []string{"doc", "description", "desc", "usage"}},
		},
	}
}

// An argument is an argument of the configuration that the evaluation has come to.
type argument struct {
	api.Arg
	original starlark.Value // the default
	span     diag.Span      // of the name
}

// An argKind is a type of arguments.
type argKind struct {
	what  string // for messages: "a whole number"
	parse func(s string) (starlark.Value, bool)
}

var argKinds = map[api.ArgType]argKind{
	api.ArgInt:   {"a whole number", parseInt},
	api.ArgFloat: {"a number", parseFinite},
	api.ArgStr: {"a text", func(s string) (starlark.Value, bool) {
		return starlark.String(s), utf8.ValidString(s) && !strings.Contains(s, "\x00")
	}},
	api.ArgBool: {"true or false", parseBool},
	api.ArgList: {"a list of strings", parseList},
}

func parseFinite(s string) (starlark.Value, bool) {
	v, ok := parseFloat(s)
	f, _ := v.(starlark.Float)
	return v, ok && !math.IsNaN(float64(f)) && !math.IsInf(float64(f), 0)
}

// arg implements the word arg. A wrong value on the command line is reported, and the
// evaluation goes on with the default.
func (s *Session) arg(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	c := s.begin(thread, s.words[b.Name()])
	have := c.bind(args, kwargs)
	for _, g := range have {
		if !value.IsUnset(g.value) {
			continue
		}
		if name := have["name"]; name != nil {
			text, _ := starlark.AsString(name.value)
			s.vague = append(s.vague, text)
		}
		return g.value, nil
	}
	a := &argument{span: c.span}
	if g := have["name"]; g != nil {
		a.Name, a.span = c.argName(g), g.span
	}
	if g := have["help"]; g != nil {
		var err error
		if a.Help, err = value.String(g.value); err != nil {
			c.wrongValue(g, err)
		}
	}
	if g := have["default"]; g != nil {
		a.original = g.value
		c.argDefault(g, a)
	}
	switch {
	case c.failed && a.original != nil:
		return a.original, nil
	case c.failed:
		return s.stand("arg"), nil
	}
	return c.declare(a), nil
}

var argName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,47}$`)

func (c *call) argName(g *given) string {
	name, err := value.String(g.value)
	if err == nil && !argName.MatchString(name) {
		label := "use letters, digits and _"
		if better := strings.Trim(badNames.ReplaceAllString(strings.ReplaceAll(name, "-", "_"), "_"), "_"); argName.MatchString(better) {
			label = "write " + value.Quote(better)
		}
		err = value.Wrong(label, "is not a name of an argument: %s", value.Quote(name))
	}
	if err != nil {
		c.wrongValue(g, err)
	}
	return name
}

// argDefault reads the default, and the type that it gives.
func (c *call) argDefault(g *given, a *argument) {
	var err error
	switch v := g.value.(type) {
	case starlark.Int:
		a.Type = api.ArgInt
		a.Default, err = value.Int(v, math.MinInt, math.MaxInt)
	case starlark.Float:
		a.Type, a.Default = api.ArgFloat, float64(v)
		if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
			err = value.Wrong("", "must be finite")
		}
	case starlark.Bool:
		a.Type, a.Default = api.ArgBool, bool(v)
	case starlark.String:
		a.Type = api.ArgStr
		a.Default, err = value.String(v)
	case *starlark.List, starlark.Tuple:
		a.Type = api.ArgList
		a.Default, err = value.Strings(v)
	case *value.Secret:
		err = value.WrongType("a value that can be shown", v, `read secrets with secret("NAME")`)
	case starlark.NoneType:
		err = value.WrongType("a value of the argument's type", v, `write "" for a text, or 0 for a number`)
	default:
		err = value.WrongType("a number, a string, True, False or a list of strings", v, "")
	}
	if err != nil {
		c.wrongValue(g, err)
	}
	a.Value = a.Default
}

// declare gives the argument its value, and keeps it for Args.
func (c *call) declare(a *argument) starlark.Value {
	s := c.session
	a.At = a.span.String()
	if other := s.argNamed[a.Name]; other != nil {
		if other.Type != a.Type || other.DefaultText() != a.DefaultText() {
			c.twoDefaults(a, other)
			return a.original
		}
		if other.Help == "" && a.Help != "" {
			other.Help, other.At = a.Help, a.At
		}
		return other.starlark()
	}
	c.setArg(a)
	s.args = append(s.args, a)
	if s.argNamed == nil {
		s.argNamed = make(map[string]*argument)
	}
	s.argNamed[a.Name] = a
	s.opts.Input(plan.InputArg, a.Name, []byte(a.ValueText()), false)
	return a.starlark()
}

func (c *call) twoDefaults(a, other *argument) {
	d := diag.Diagnostic{Code: codeDefaults, Span: a.span,
		Message: fmt.Sprintf("the argument `%s` has two defaults: %s and %s", a.Name, other.DefaultText(), a.DefaultText()),
		Label:   "give this one another name, or the same default"}
	if other.span != a.span {
		d.Related = []diag.Related{{Span: other.span, Label: "the first one is here"}}
	}
	c.report(d)
}
