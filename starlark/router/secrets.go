package router

import (
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"

	"github.com/ldcorn/ldcorn/starlark/bound"
	"github.com/ldcorn/ldcorn/starlark/value"
)

// comparesSecret reports whether an expression compares a secret with something
// else, or looks for something among secrets. A secret differs from every text,
// so that a test for a wrong key would let every key in.
func comparesSecret(at *scope, e *syntax.BinaryExpr) bool {
	x, y := bound.Operand(e.X), bound.Operand(e.Y)
	switch e.Op {
	case syntax.EQL, syntax.NEQ:
		return at.isSecret(x) != at.isSecret(y) && at.constant(x) != starlark.None && at.constant(y) != starlark.None
	case syntax.IN, syntax.NOT_IN:
		return at.isSecret(x) || at.hasSecrets(y)
	}
	return false
}

// isSecret reports whether the value of an expression is a secret, as far as its
// code tells.
func (s *scope) isSecret(e syntax.Expr) bool {
	switch e := e.(type) {
	case *syntax.ParenExpr:
		return s.isSecret(e.X)
	case *syntax.Ident:
		if v := s.value(e); v != nil {
			return isSecret(v)
		}
		return s.getsSecret(e)
	case *syntax.IndexExpr:
		return tableHasSecret(s.constant(e.X))
	case *syntax.CallExpr:
		get, ok := e.Fn.(*syntax.DotExpr)
		return ok && get.Name.Name == "get" && tableHasSecret(s.constant(get.X))
	}
	return false
}

// hasSecrets reports whether an expression is a list of which some elements are
// secrets.
func (s *scope) hasSecrets(e syntax.Expr) bool {
	var list []syntax.Expr
	switch e := e.(type) {
	case *syntax.ParenExpr:
		return s.hasSecrets(e.X)
	case *syntax.CallExpr:
		values, ok := e.Fn.(*syntax.DotExpr)
		return ok && values.Name.Name == "values" && tableHasSecret(s.constant(values.X))
	case *syntax.ListExpr:
		list = e.List
	case *syntax.TupleExpr:
		list = e.List
	case *syntax.Ident:
		v := s.value(e)
		_, table := v.(*starlark.Dict)
		return !table && tableHasSecret(v)
	}
	for _, x := range list {
		if s.isSecret(x) {
			return true
		}
	}
	return false
}

// getsSecret reports whether the function gives a variable a secret: a global, an
// element of a table, or the elements of a list.
func (s *scope) getsSecret(id *syntax.Ident) (found bool) {
	s.own(func(n syntax.Node) {
		switch n := n.(type) {
		case *syntax.AssignStmt:
			if lhs, ok := n.LHS.(*syntax.Ident); ok && lhs.Name == id.Name {
				if _, local := n.RHS.(*syntax.Ident); !local || s.value(n.RHS) != nil {
					found = found || s.isSecret(n.RHS)
				}
			}
		case *syntax.ForStmt:
			found = found || isNamed(n.Vars, id.Name) && s.hasSecrets(n.X)
		case *syntax.ForClause:
			found = found || isNamed(n.Vars, id.Name) && s.hasSecrets(n.X)
		}
	})
	return found
}

func isNamed(e syntax.Expr, name string) bool {
	id, ok := e.(*syntax.Ident)
	return ok && id.Name == name
}

func isSecret(v starlark.Value) bool {
	_, ok := v.(*value.Secret)
	return ok
}

// tableHasSecret reports whether an element of a dict, list or tuple is a secret.
func tableHasSecret(v starlark.Value) bool {
	switch v := v.(type) {
	case *starlark.Dict:
		for _, item := range v.Items() {
			if isSecret(item[1]) {
				return true
			}
		}
	case *starlark.List, starlark.Tuple:
		for e := range starlark.Elements(v.(starlark.Iterable)) {
			if isSecret(e) {
				return true
			}
		}
	}
	return false
}
