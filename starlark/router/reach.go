package router

import (
	"slices"
	"strings"

	"go.starlark.net/resolve"
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// A Call is a call of a word in a router. Eval returns the value of an
// expression that has the same value in every call of the router, or nil.
type Call struct {
	Word string
	Expr *syntax.CallExpr
	Eval func(syntax.Expr) starlark.Value
}

// Code is what the code of a router has, with all functions that it may call.
type Code struct {
	Calls   []Call        // of names that every file has
	Secrets []syntax.Node // tests of a secret, which say nothing
	Certs   []syntax.Node // what reads the certificate of a client
}

// Gives reports whether a call of a word has an argument with a name.
func (c *Code) Gives(word, name string) bool {
	return slices.ContainsFunc(c.Calls, func(call Call) bool {
		return call.Word == word && slices.ContainsFunc(call.Expr.Args, func(arg syntax.Expr) bool {
			named, ok := arg.(*syntax.BinaryExpr)
			return ok && named.Op == syntax.EQ && isNamed(named.X, name)
		})
	})
}

// certFields is how the names of the fields of a request begin that are about the
// certificate of the client.
const certFields = "client_cert_"

// Read reads the code of a router.
func Read(fn *starlark.Function, file func(string) *syntax.File) Code {
	r := &reader{file: file, seen: make(map[*starlark.Function]bool)}
	r.function(fn)
	return r.code
}

type reader struct {
	file func(string) *syntax.File
	seen map[*starlark.Function]bool
	code Code
}

func (r *reader) function(fn *starlark.Function) {
	if r.seen[fn] {
		return
	}
	r.seen[fn] = true
	at := &scope{fn: fn, code: codeOf(r.file(fn.Position().Filename()), fn.Position()), globals: fn.Globals()}
	if at.code != nil {
		r.body(at)
	}
}

// body reads the code of a scope. A function in it has a scope of its own, whose
// free variables are not known before it is made.
func (r *reader) body(at *scope) {
	syntax.Walk(at.code, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.DefStmt:
			return r.nested(at, n)
		case *syntax.LambdaExpr:
			return r.nested(at, n)
		case *syntax.Ident:
			r.reach(at.value(n))
		case *syntax.CallExpr:
			r.call(at, n)
		case *syntax.DotExpr:
			if strings.HasPrefix(n.Name.Name, certFields) {
				r.code.Certs = append(r.code.Certs, n)
			}
		case *syntax.BinaryExpr:
			if comparesSecret(at, n) {
				r.code.Secrets = append(r.code.Secrets, n)
			}
		}
		return true
	})
}

func (r *reader) nested(at *scope, n syntax.Node) bool {
	if n == at.code {
		return true
	}
	r.body(&scope{code: n, globals: at.globals})
	return false
}

// reach reads a function, and those in a table.
func (r *reader) reach(v starlark.Value) {
	switch v := v.(type) {
	case *starlark.Function:
		r.function(v)
	case *starlark.Dict:
		for _, item := range v.Items() {
			if fn, ok := item[1].(*starlark.Function); ok {
				r.function(fn)
			}
		}
	case *starlark.List:
		for e := range starlark.Elements(v) {
			if fn, ok := e.(*starlark.Function); ok {
				r.function(fn)
			}
		}
	}
}

func (r *reader) call(at *scope, e *syntax.CallExpr) {
	id, ok := e.Fn.(*syntax.Ident)
	if !ok {
		return
	}
	if b, ok := id.Binding.(*resolve.Binding); ok && b.Scope == resolve.Predeclared {
		r.code.Calls = append(r.code.Calls, Call{id.Name, e, at.constant})
	}
}

// constant returns the value of an expression of literals and of names that mean
// the same in every call, or nil.
func (s *scope) constant(e syntax.Expr) starlark.Value {
	switch e := e.(type) {
	case *syntax.ParenExpr:
		return s.constant(e.X)
	case *syntax.Literal:
		switch v := e.Value.(type) {
		case string:
			if e.Token == syntax.BYTES {
				return starlark.Bytes(v)
			}
			return starlark.String(v)
		case int64:
			return starlark.MakeInt64(v)
		case float64:
			return starlark.Float(v)
		}
	case *syntax.UnaryExpr:
		if v := s.constantOf(e.X); v != nil && e.Op == syntax.MINUS {
			v, _ = starlark.Unary(e.Op, v) // nil for what has no sign
			return v
		}
	case *syntax.Ident:
		if b, ok := e.Binding.(*resolve.Binding); ok && b.Scope == resolve.Universal {
			return starlark.Universe[e.Name]
		}
		return s.value(e)
	case *syntax.ListExpr:
		elements := make([]starlark.Value, len(e.List))
		for i, x := range e.List {
			if elements[i] = s.constant(x); elements[i] == nil {
				return nil
			}
		}
		return starlark.NewList(elements)
	case *syntax.DictExpr:
		return s.dict(e)
	}
	return nil
}

// constantOf is constant of an expression that can be missing.
func (s *scope) constantOf(e syntax.Expr) starlark.Value {
	if e == nil {
		return nil
	}
	return s.constant(e)
}

func (s *scope) dict(e *syntax.DictExpr) starlark.Value {
	out := new(starlark.Dict)
	for _, x := range e.List {
		entry := x.(*syntax.DictEntry)
		k, v := s.constant(entry.Key), s.constant(entry.Value)
		if k == nil || v == nil || out.SetKey(k, v) != nil {
			return nil
		}
	}
	return out
}
