package bound

import (
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// These are the names of the words that stand for syntax, in addition to those
// of operators. No file can contain them.
const (
	checkName     = "$"  // the checker
	attributeName = "."  // x.name, not called
	spreadName    = "**" // f(*x)
	deferName     = "="  // the right side of x[i] += y
	sliceName     = ":"  // x[a:b:c]
	formatName    = "[%" // the right side of x[i] %= y
)

// Words returns the functions that Rewrite calls and those that replace
// functions of Starlark. Late reports whether the configuration has been
// loaded.
func Words(late func() bool) starlark.StringDict {
	words := starlark.StringDict{
		checkName:     &checker{late: late},
		"range":       countingTo(late),
		"getattr":     starlark.NewBuiltin("getattr", getattr),
		attributeName: plain(attributeName, attributeWord),
		spreadName:    plain(spreadName, spreadWord),
		sliceName:     plain(sliceName, sliceWord),
		formatName: plain(formatName, func(thread *starlark.Thread, args starlark.Tuple) (starlark.Value, error) {
			return formatted(thread, args[0])
		}),
		deferName: plain(deferName, func(thread *starlark.Thread, args starlark.Tuple) (starlark.Value, error) {
			return &deferred{thread: thread, y: args[0]}, nil
		}),
	}
	for name := range universe {
		words[name] = standard(name)
	}
	for op, name := range operators {
		words[name] = &operator{word{name: name}, op}
		words[assignName(op)] = plain(name, func(thread *starlark.Thread, args starlark.Tuple) (starlark.Value, error) {
			return assign(thread, op, args[0], args[1])
		})
	}
	for name := range ofText {
		words[methodName(name)] = newMethod(name)
	}
	for name := range ofTable {
		words[methodName(name)] = newMethod(name)
	}
	return words
}

func assignName(op syntax.Token) string { return operators[op] + "=" }

func methodName(name string) string { return "." + name }

func plain(name string, fn func(*starlark.Thread, starlark.Tuple) (starlark.Value, error)) *starlark.Builtin {
	return starlark.NewBuiltin(name, func(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
		return fn(thread, args)
	})
}

// A word holds the common part of the functions that Rewrite calls.
type word struct {
	starlark.NoneType
	name string
}

// Name returns the syntax that the word stands for.
func (w *word) Name() string { return w.name }

// An operator is called with its two operands.
type operator struct {
	word
	op syntax.Token
}

// CallInternal applies the operator.
func (o *operator) CallInternal(thread *starlark.Thread, args starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
	if x, ok := args[0].(starlark.String); ok && o.op == syntax.PLUS {
		if y, ok := args[1].(starlark.String); ok && len(x)+len(y) < 1<<8 {
			return x + y, nil
		}
	}
	return binary(thread, o.op, args[0], args[1])
}

// A method is called in place of x.name(…), with x before the arguments.
type method struct {
	word
	text  *starlark.Builtin // the method of strings; nil if they have none
	check func(thread *starlark.Thread, s string, args starlark.Tuple, kwargs []starlark.Tuple) error
}

func newMethod(name string) *method {
	m := &method{word: word{name: name}, check: ofText[name]}
	if v, err := starlark.String("").Attr(name); err == nil {
		m.text, _ = v.(*starlark.Builtin)
	}
	return m
}

// CallInternal calls the method.
func (m *method) CallInternal(thread *starlark.Thread, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	if s, ok := args[0].(starlark.String); ok && m.check != nil {
		if err := m.check(thread, string(s), args[1:], kwargs); err != nil {
			return nil, err
		}
		return m.text.BindReceiver(s).CallInternal(thread, args[1:], kwargs)
	}
	return call(thread, args[0], m.name, args[1:], kwargs)
}

func attributeWord(_ *starlark.Thread, args starlark.Tuple) (starlark.Value, error) {
	v, err := attribute(args[0], string(args[1].(starlark.String)))
	if err != nil {
		return nil, err
	}
	return bound(args[0], v), nil
}

// spreadWord copies and charges the list of f(*list).
func spreadWord(thread *starlark.Thread, args starlark.Tuple) (starlark.Value, error) {
	_, l := meterOf(thread)
	if err := spend(thread, l.iterated(args[0], 2*Element), "passing the arguments"); err != nil {
		return nil, err
	}
	return args[0], nil
}

// sliceWord returns x[a:b:c], of which a string is a copy.
func sliceWord(thread *starlark.Thread, args starlark.Tuple) (starlark.Value, error) {
	if err := spend(thread, size(args[0]), "slicing the value"); err != nil {
		return nil, err
	}
	return args[0], nil
}
