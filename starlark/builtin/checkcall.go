package builtin

import (
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"

	"github.com/ldcorn/ldcorn/starlark/value"
)

// CheckCall reports the mistakes in a call of to, respond or redirect that do
// not depend on a request: the names of arguments, and values that eval knows.
// Eval returns nil for other values. CheckCall ignores other words, and calls
// with * or **.
func (s *Session) CheckCall(word string, expr *syntax.CallExpr, eval func(syntax.Expr) starlark.Value) {
	run := map[string]builtinFunc{"to": s.to, "respond": s.respond, "redirect": s.redirect}[word]
	if run == nil {
		return
	}
	known := func(e syntax.Expr) starlark.Value {
		if v := eval(e); v != nil {
			return v
		}
		return new(value.Unset)
	}
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
