package tests

import (
	"fmt"

	"go.starlark.net/starlark"
	"go.starlark.net/syntax"

	"github.com/ldcorn/ldcorn/starlark/builtin"
	"github.com/ldcorn/ldcorn/starlark/diag"
	"github.com/ldcorn/ldcorn/starlark/value"
)

// A handle is the argument of a test.
type handle struct {
	runner *runner
}

var _ starlark.HasAttrs = (*handle)(nil)

var handleType = builtin.TestType()

func (h *handle) String() string        { return "<test " + h.runner.result.Test.Name + ">" }
func (h *handle) Type() string          { return handleType.Name }
func (h *handle) Freeze()               {}
func (h *handle) Truth() starlark.Bool  { return true }
func (h *handle) Hash() (uint32, error) { return 0, fmt.Errorf("a %s cannot be a key", h.Type()) }
func (h *handle) AttrNames() []string   { return handleType.Names() }

// Attr returns the name of the test or a method of the table.
func (h *handle) Attr(name string) (starlark.Value, error) {
	if name == "name" {
		return starlark.String(h.runner.result.Test.Name), nil
	}
	for i := range handleType.Methods {
		if word := &handleType.Methods[i]; word.Name == name {
			return h.method(word), nil
		}
	}
	return nil, noAttribute(&handleType, name)
}

func noAttribute(t *builtin.Type, name string) error {
	suggest := ""
	if near := t.Near(name); near != "" {
		suggest = fmt.Sprintf(" (did you mean .%s?)", near)
	}
	return fmt.Errorf("%s has no .%s field or method%s", t.Name, name, suggest)
}

// method returns a word of the table, bound to the handle.
func (h *handle) method(word *builtin.Word) starlark.Value {
	does := map[string]func(*starlark.Thread, []starlark.Value) (starlark.Value, error){
		"route": h.route, "plan": h.plan, "eq": h.eq, "true": h.true, "fail": h.fail,
	}[word.Name]
	return starlark.NewBuiltin(word.Name, func(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		values := make([]starlark.Value, len(word.Arguments))
		if err := word.Read(args, kwargs, values); err != nil {
			return nil, err
		}
		return does(thread, values)
	})
}

// eq implements t.eq.
func (h *handle) eq(thread *starlark.Thread, args []starlark.Value) (starlark.Value, error) {
	equal, err := starlark.Equal(args[0], args[1])
	if err != nil {
		return nil, err
	}
	if !equal {
		h.runner.fail(thread, "", diag.Diagnostic{
			Message: fmt.Sprintf("got %s, want %s", shown(args[0]), shown(args[1])),
		})
	}
	return starlark.Bool(equal), nil
}

// true implements t.true.
func (h *handle) true(thread *starlark.Thread, args []starlark.Value) (starlark.Value, error) {
	message := "the condition does not hold"
	if args[1] != nil {
		text, err := value.String(args[1])
		if err != nil {
			return nil, fmt.Errorf("`message` %w", err)
		}
		if text != "" {
			message = text
		}
	}
	if !args[0].Truth() {
		h.runner.fail(thread, "", diag.Diagnostic{Message: message})
	}
	return args[0].Truth(), nil
}

// fail implements t.fail.
func (h *handle) fail(thread *starlark.Thread, args []starlark.Value) (starlark.Value, error) {
	message, err := value.String(args[0])
	if err != nil {
		return nil, fmt.Errorf("`message` %w", err)
	}
	h.runner.fail(thread, "", diag.Diagnostic{Message: message})
	return starlark.None, nil
}

const shownLength = 200 // characters of a value in a message

// shown returns a value as the configuration would write it.
func shown(v starlark.Value) string {
	text := []rune(v.String())
	if len(text) > shownLength {
		return string(text[:shownLength]) + "…"
	}
	return string(text)
}

// argumentOf returns the expression of an argument's value, or nil.
func argumentOf(call *syntax.CallExpr, name string) syntax.Expr {
	if call == nil || name == "" {
		return nil
	}
	for i, arg := range call.Args {
		named, ok := arg.(*syntax.BinaryExpr)
		if !ok || named.Op != syntax.EQ {
			if i == 0 && name == "request" {
				return arg
			}
			continue
		}
		if id, ok := named.X.(*syntax.Ident); ok && id.Name == name {
			return named.Y
		}
	}
	return nil
}
