package builtin

import (
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"

	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/starlark/diag"
)

// positionalExpr returns the text of the i-th positional argument, or the *args
// that it comes from.
func (c *call) positionalExpr(i int) syntax.Expr {
	if c.expr == nil {
		return nil
	}
	for n, arg := range c.expr.Args {
		switch x := arg.(type) {
		case *syntax.UnaryExpr:
			if x.Op == syntax.STAR {
				return arg
			}
		case *syntax.BinaryExpr:
			if x.Op == syntax.EQ {
				return nil
			}
		}
		if n == i {
			return arg
		}
	}
	return nil
}

// keywordExpr returns the text of an argument's name and value. Both are the
// **kwargs if it comes from one.
func (c *call) keywordExpr(name string) (key, val syntax.Expr) {
	if c.expr == nil {
		return nil, nil
	}
	for _, arg := range c.expr.Args {
		switch x := arg.(type) {
		case *syntax.BinaryExpr:
			if id, ok := x.X.(*syntax.Ident); ok && x.Op == syntax.EQ && id.Name == name {
				return id, x.Y
			}
		case *syntax.UnaryExpr:
			if x.Op == syntax.STARSTAR {
				key, val = x, x
			}
		}
	}
	if dict, ok := spread(val); ok { // **{"name": value}
		for _, e := range dict.List {
			entry := e.(*syntax.DictEntry)
			if lit, ok := entry.Key.(*syntax.Literal); ok && lit.Value == name {
				return entry.Key, entry.Value
			}
		}
	}
	return key, val
}

func spread(e syntax.Expr) (*syntax.DictExpr, bool) {
	if u, ok := e.(*syntax.UnaryExpr); ok {
		dict, ok := unparen(u.X).(*syntax.DictExpr)
		return dict, ok
	}
	return nil, false
}

// known returns nil for an expression that stands for more than one value.
func known(e syntax.Expr) syntax.Expr {
	if u, ok := e.(*syntax.UnaryExpr); ok && (u.Op == syntax.STAR || u.Op == syntax.STARSTAR) {
		return nil
	}
	return e
}

// spanOf returns the position of an expression, or that of the word if the
// expression is unknown.
func (c *call) spanOf(e syntax.Expr) diag.Span {
	if e == nil {
		return c.span
	}
	return c.session.opts.Sources.Span(e)
}

// element returns the position of a list element, or that of the list if the
// element is not written in it.
func (c *call) element(g *given, i int) diag.Span {
	if g.arg.Variadic {
		return c.spanOf(c.positionalExpr(g.first + i))
	}
	switch x := unparen(g.expr).(type) {
	case *syntax.ListExpr:
		if i < len(x.List) {
			return c.spanOf(x.List[i])
		}
	case *syntax.TupleExpr:
		if i < len(x.List) {
			return c.spanOf(x.List[i])
		}
	}
	return g.span
}

// entry returns the positions of a key of a dict and of its value, or that of
// the dict if the entry is not written in it.
func (c *call) entry(g *given, key starlark.Value) (k, v diag.Span) {
	name, ok := key.(starlark.String)
	dict, isDict := unparen(g.expr).(*syntax.DictExpr)
	if !isDict {
		return g.span, g.span
	}
	for _, e := range dict.List {
		entry := e.(*syntax.DictEntry)
		lit, isLiteral := entry.Key.(*syntax.Literal)
		if isLiteral && (ok && lit.Value == string(name) || !ok && lit.Raw == key.String()) {
			return c.spanOf(entry.Key), c.spanOf(entry.Value)
		}
	}
	return g.span, g.span
}

func unparen(e syntax.Expr) syntax.Expr {
	for {
		p, ok := e.(*syntax.ParenExpr)
		if !ok {
			return e
		}
		e = p.X
	}
}

// position converts a span to the form that a plan keeps.
func position(s diag.Span) plan.Pos {
	return plan.Pos{File: s.File, Line: s.Line, Col: s.Col}
}
