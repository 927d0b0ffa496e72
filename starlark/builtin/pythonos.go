package builtin

import (
	"errors"
	"fmt"
	"path"
	"strings"

	"go.starlark.net/starlark"

	"github.com/ldcorn/ldcorn/starlark/value"
)

// pythonWords returns the Python functions that a Python file can use besides
// the words of the language. They are not part of the language, so Words does
// not include them.
func pythonWords() []Word {
	key := Argument{Name: "key", Type: "str", Required: true, Doc: "The variable.", Example: `"NAME"`}
	def := Argument{Name: "default", Type: "Any", Default: "None", Doc: "The result if the variable is not set."}
	pathArgument := Argument{Name: "path", Type: "str", Required: true, Doc: "A path.", Example: `"a/b"`}
	return []Word{
		{Name: "os.getenv", Arguments: []Argument{key, def}},
		{Name: "os.environ.get", Arguments: []Argument{key, def}},
		{Name: "os.cpu_count"},
		{Name: "os.process_cpu_count"},
		{Name: "os.sched_getaffinity", Arguments: []Argument{{Name: "pid", Type: "int", Required: true, Doc: "0, this process.", Example: "0"}}},
		{Name: "os.path.dirname", Arguments: []Argument{pathArgument}},
		{Name: "os.path.basename", Arguments: []Argument{pathArgument}},
		{Name: "os.path.abspath", Arguments: []Argument{pathArgument}},
		{Name: "os.path.normpath", Arguments: []Argument{pathArgument}},
		{Name: "os.path.isabs", Arguments: []Argument{pathArgument}},
	}
}

func (s *Session) pythonWord(name string) *Word {
	if s.words[name] == nil {
		for _, w := range pythonWords() {
			s.words[w.Name] = &w
		}
	}
	return s.words[name]
}

// osFunction returns a function of Python's os module.
func (s *Session) osFunction(name string) starlark.Value {
	if name == "os.path.join" {
		return starlark.NewBuiltin(name, joinPaths)
	}
	word := s.pythonWord(name)
	return starlark.NewBuiltin(name, s.whileLoading(func(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		c := s.begin(thread, word)
		have := c.bind(args, kwargs)
		switch name {
		case "os.getenv", "os.environ.get":
			return c.getenv(have), nil
		case "os.cpu_count", "os.process_cpu_count":
			return s.countCPUs(), nil
		case "os.sched_getaffinity":
			return c.affinity(have), nil
		}
		return c.path(have["path"])
	}))
}

// getenv reads a variable as Python does: the default can be anything.
func (c *call) getenv(have map[string]*given) starlark.Value {
	name, _, ok := c.variable(have["key"])
	if !ok || c.failed {
		return c.session.stand(name)
	}
	if text, set := c.session.lookup(name, false); set {
		return starlark.String(text)
	}
	if def := have["default"]; def != nil {
		return def.value
	}
	return starlark.None
}

// affinity returns a list with an element for each CPU, of which only the
// length matters.
func (c *call) affinity(have map[string]*given) starlark.Value {
	n, _ := starlark.AsInt32(c.session.countCPUs())
	cpus := make([]starlark.Value, n)
	for i := range cpus {
		cpus[i] = starlark.MakeInt(i)
	}
	if g := have["pid"]; g != nil {
		if _, err := value.Int(g.value, 0, 0); err != nil {
			c.wrongValue(g, err)
		}
	}
	return starlark.NewList(cpus)
}

var errRelative = errors.New("is a relative path, whose meaning depends on the current folder; begin with os.path.dirname(__file__)")

// path implements the functions of os.path that take one path.
func (c *call) path(g *given) (starlark.Value, error) {
	if g == nil || value.IsUnset(g.value) {
		return c.session.stand("path"), nil
	}
	s, err := value.String(g.value)
	if err == nil && c.word.Name == "os.path.abspath" && !strings.HasPrefix(s, "/") {
		err = errRelative
	}
	if err != nil {
		c.wrongValue(g, err)
		return c.session.stand("path"), nil
	}
	i := strings.LastIndexByte(s, '/') + 1
	switch c.word.Name {
	case "os.path.dirname":
		if head := strings.TrimRight(s[:i], "/"); head != "" {
			return starlark.String(head), nil
		}
		return starlark.String(s[:i]), nil
	case "os.path.basename":
		return starlark.String(s[i:]), nil
	case "os.path.isabs":
		return starlark.Bool(strings.HasPrefix(s, "/")), nil
	}
	clean := path.Clean(s)
	if strings.HasPrefix(s, "//") && !strings.HasPrefix(s, "///") {
		clean = "/" + clean // POSIX keeps two leading slashes
	}
	return starlark.String(clean), nil
}

// joinPaths implements os.path.join.
func joinPaths(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if len(args) == 0 || len(kwargs) > 0 {
		return nil, fmt.Errorf("%s wants positional paths", b.Name())
	}
	out := ""
	for i, arg := range args {
		if value.IsUnset(arg) {
			return arg, nil
		}
		part, ok := starlark.AsString(arg)
		switch {
		case !ok:
			return nil, fmt.Errorf("%s wants strings, got %s", b.Name(), value.Describe(arg))
		case i == 0 || strings.HasPrefix(part, "/"):
			out = part
		case out == "" || strings.HasSuffix(out, "/"):
			out += part
		default:
			out += "/" + part
		}
	}
	return starlark.String(out), nil
}
