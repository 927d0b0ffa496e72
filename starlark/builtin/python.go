package builtin

import (
	"errors"
	"fmt"
	"strings"

	starlarkmath "go.starlark.net/lib/math"
	"go.starlark.net/starlark"

	"github.com/ldcorn/ldcorn/starlark/bound"
	"github.com/ldcorn/ldcorn/starlark/diag"
	"github.com/ldcorn/ldcorn/starlark/python"
)

// Python returns the values that the imports of a Python file bind, by name.
// Names maps each to a dotted name of Python. Path is the path of the file.
func (s *Session) Python(names map[string]string, path string) starlark.StringDict {
	out := starlark.StringDict{
		"__file__": starlark.String(path),
		"__name__": starlark.String("ldconfig"),
	}
	for name, reference := range names {
		out[name] = s.imported(reference)
	}
	return out
}

// imported returns ldcorn's value for a dotted name of Python.
func (s *Session) imported(reference string) starlark.Value {
	if reference == "os.environ" {
		return &environ{s}
	}
	if members := python.Members(reference); members != nil {
		m := &pythonModule{opaque: opaque(reference), members: make(starlark.StringDict)}
		for _, name := range members {
			m.members[name] = s.imported(reference + "." + name)
		}
		return m
	}
	module, name, _ := strings.Cut(reference, ".")
	switch module {
	case "ldcorn":
		if strings.HasSuffix(reference, ".LdConfig") {
			return starlark.NewBuiltin("LdConfig", s.whileLoading(s.ldConfig))
		}
		return starlark.NewBuiltin("WorkerGroup", s.whileLoading(s.workerGroup))
	case "json":
		return bound.JSON.Members["decode"]
	case "math":
		return starlarkmath.Module.Members[name]
	case "multiprocessing":
		return starlark.NewBuiltin("cpu_count", s.whileLoading(s.cpuCount))
	}
	return s.osFunction(reference)
}

// A pythonModule is a Python module or an object in one.
type pythonModule struct {
	opaque
	members starlark.StringDict
}

var _ starlark.HasAttrs = (*pythonModule)(nil)

func (m *pythonModule) String() string { return fmt.Sprintf("<module %q>", string(m.opaque)) }
func (m *pythonModule) Type() string   { return "module" }

// Attr returns a member. A missing member that the text names is reported
// before the evaluation.
func (m *pythonModule) Attr(name string) (starlark.Value, error) {
	if v := m.members[name]; v != nil {
		return v, nil
	}
	return nil, fmt.Errorf("%s has no .%s attribute", string(m.opaque), name)
}

func (m *pythonModule) AttrNames() []string { return m.members.Keys() }

var errClosed = errors.New("`os.environ` can only be used while the configuration is loaded, not by a router for a request")

// environ is os.environ, limited to the variables that are asked for.
type environ struct{ session *Session }

var (
	_ starlark.Mapping   = (*environ)(nil)
	_ starlark.Container = (*environ)(nil)
	_ starlark.HasAttrs  = (*environ)(nil)
)

func (e *environ) String() string        { return "environ({…})" }
func (e *environ) Type() string          { return "os.environ" }
func (e *environ) Freeze()               {}
func (e *environ) Truth() starlark.Bool  { return true }
func (e *environ) Hash() (uint32, error) { return 0, fmt.Errorf("os.environ cannot be a key") }
func (e *environ) AttrNames() []string   { return []string{"get"} }

// Attr returns the method get, which is the only attribute.
func (e *environ) Attr(name string) (starlark.Value, error) {
	if name == "get" {
		return e.session.osFunction("os.environ.get"), nil
	}
	return nil, nil
}

// Has implements the operator in.
func (e *environ) Has(v starlark.Value) (bool, error) {
	if e.session.thread == nil {
		return false, errClosed
	}
	name, ok := v.(starlark.String)
	if !ok {
		return false, fmt.Errorf("`in os.environ` wants a string, got %s", v.Type())
	}
	_, set := e.session.lookup(string(name), false)
	return set, nil
}

// Get implements os.environ["NAME"]. It reports mistakes and lets the
// evaluation continue, as env does.
func (e *environ) Get(v starlark.Value) (starlark.Value, bool, error) {
	s := e.session
	if s.thread == nil {
		return nil, false, errClosed
	}
	c := &call{session: s, word: s.pythonWord("os.environ.get")}
	c.span, c.trace = diag.Place(s.thread.CallStack(), s.opts.Sources)
	name, span, ok := c.variable(&given{arg: &c.word.Arguments[0], value: v, span: c.span})
	if !ok {
		return s.stand(name), true, nil
	}
	text, set := s.lookup(name, false)
	if !set {
		return c.unset(name, span), true, nil
	}
	return starlark.String(text), true, nil
}
