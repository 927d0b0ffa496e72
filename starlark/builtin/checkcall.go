package builtin

import (
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"

	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/starlark/value"
)

// CheckCall reports the mistakes in a call of to, respond or redirect that do
// not depend on a request: the names of arguments, and values that eval knows.
// Eval returns nil for other values. CheckCall ignores other words, and calls
// with * or **.
func (s *Session) CheckCall(word string, expr *syntax.CallExpr, eval func(syntax.Expr) starlark.Value) {
	run := map[string]builtinFunc{"to": s.to, "respond": s.respond, "redirect": s.redirect,
		string(plan.HeaderSet): s.headerEdit, string(plan.HeaderAdd): s.headerEdit, string(plan.HeaderRemove): s.headerEdit}[word]
	if run == nil {
		return
	}
	known := func(e syntax.Expr) starlark.Value { return knownValue(e, eval) }
	var args starlark.Tuple
	var kwargs []starlark.Tuple
	for _, arg := range expr.Args {
		switch x := arg.(type) {
		case *syntax.UnaryExpr:
			if x.Op == syntax.STAR || x.Op == syntax.STARSTAR {
				return
			}
		case *syntax.BinaryExpr:
			if id, ok := x.X.(*syntax.Ident); ok && x.Op == syntax.EQ {
				kwargs = append(kwargs, starlark.Tuple{starlark.String(id.Name), known(x.Y)})
				continue
			}
		}
		args = append(args, known(arg))
	}
	s.static = expr
	defer func() { s.static = nil }()
	_, _ = run(nil, starlark.NewBuiltin(word, run), args, kwargs) // it reports what is wrong
}

// knownValue returns the value of an expression, as far as eval knows it, with an Unset for
// what it does not know: all of it, or elements of a list. It knows the edits that
// header words make.
func knownValue(e syntax.Expr, eval func(syntax.Expr) starlark.Value) starlark.Value {
	if v := eval(e); v != nil {
		return v
	}
	switch e := e.(type) {
	case *syntax.ParenExpr:
		return knownValue(e.X, eval)
	case *syntax.ListExpr:
		elements := make([]starlark.Value, len(e.List))
		for i, x := range e.List {
			elements[i] = knownValue(x, eval)
		}
		return starlark.NewList(elements)
	case *syntax.CallExpr:
		if edit := knownEdit(e, eval); edit != nil {
			return edit
		}
	}
	return new(value.Unset)
}

// knownEdit returns the edit that a call of a header word makes. It returns nil for
// other calls, and for one that depends on a request or is wrong.
func knownEdit(e *syntax.CallExpr, eval func(syntax.Expr) starlark.Value) *HeaderEdit {
	fn, ok := e.Fn.(*syntax.Ident)
	if !ok || len(e.Args) == 0 || len(e.Args) > 2 || eval(fn) != nil {
		return nil
	}
	texts := make([]string, 2)
	for i, arg := range e.Args {
		if texts[i], ok = starlark.AsString(knownValue(arg, eval)); !ok {
			return nil
		}
	}
	for _, w := range headerWords() {
		if w.Name == fn.Name && len(w.Arguments) == len(e.Args) {
			if edit, err := plan.NewHeaderEdit(plan.HeaderOp(w.Name), texts[0], plan.Plain(texts[1])); err == nil {
				return &HeaderEdit{opaque: headerEditType, Edit: edit}
			}
		}
	}
	return nil
}
