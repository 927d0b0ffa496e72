package router

import (
	"go.starlark.net/resolve"
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// A Returned is the name of a group that a router may return, according to its
// code and the data of the configuration.
type Returned struct {
	Group string
	Node  syntax.Node // the literal, or the expression that it comes from
	// Sure means that the name is returned whenever this place in the code is
	// reached. Other names go through variables, which the code may test first.
	Sure bool
}

// Returns finds the names that a function may return: literals, values of
// variables, elements of the configuration's tables, and results of helper
// functions. It leaves out names that depend on a request.
func Returns(fn *starlark.Function, file func(string) *syntax.File) []Returned {
	f := &finder{file: file, seen: make(map[visit]bool)}
	f.function(fn, true)
	return f.found
}

type finder struct {
	file  func(string) *syntax.File
	found []Returned
	seen  map[visit]bool
}

// A visit is a function, or a variable in one, that has been examined.
type visit struct {
	fn   *starlark.Function
	name string
	sure bool
}

func (f *finder) first(v visit) bool {
	seen := f.seen[v]
	f.seen[v] = true
	return !seen
}

func (f *finder) add(name string, n syntax.Node, sure bool) {
	f.found = append(f.found, Returned{name, n, sure})
}

// function examines what a function returns.
func (f *finder) function(fn *starlark.Function, sure bool) {
	if !f.first(visit{fn, "", sure}) {
		return
	}
	at := &scope{fn: fn, code: codeOf(f.file(fn.Position().Filename()), fn.Position()), globals: fn.Globals()}
	if lambda, ok := at.code.(*syntax.LambdaExpr); ok {
		f.expr(at, lambda.Body, sure)
		return
	}
	at.own(func(n syntax.Node) {
		if ret, ok := n.(*syntax.ReturnStmt); ok && ret.Result != nil {
			f.expr(at, ret.Result, sure)
		}
	})
}

// A scope is a function whose code is being examined.
type scope struct {
	fn      *starlark.Function // nil if it is made by a call of another function
	code    syntax.Node        // nil if unknown
	globals starlark.StringDict
}

// own calls visit with the nodes of the function that are not in a nested
// function.
func (s *scope) own(visit func(syntax.Node)) {
	if s.code == nil {
		return
	}
	syntax.Walk(s.code, func(n syntax.Node) bool {
		switch n.(type) {
		case nil:
			return true
		case *syntax.DefStmt, *syntax.LambdaExpr:
			return n == s.code
		}
		visit(n)
		return true
	})
}

// expr examines the possible values of an expression.
func (f *finder) expr(at *scope, e syntax.Expr, sure bool) {
	switch e := e.(type) {
	case *syntax.ParenExpr:
		f.expr(at, e.X, sure)
	case *syntax.Literal:
		if s, ok := e.Value.(string); ok && e.Token == syntax.STRING {
			f.add(s, e, sure)
		}
	case *syntax.CondExpr:
		f.expr(at, e.True, sure)
		f.expr(at, e.False, sure)
	case *syntax.BinaryExpr:
		switch e.Op {
		case syntax.OR:
			f.expr(at, e.X, sure)
			f.expr(at, e.Y, sure)
		case syntax.AND:
			f.expr(at, e.Y, sure)
		}
	case *syntax.Ident:
		f.name(at, e, sure)
	case *syntax.IndexExpr:
		f.table(at, e.X, e, sure)
	case *syntax.CallExpr:
		f.call(at, e, sure)
	}
}

// name examines the possible values of a variable.
func (f *finder) name(at *scope, id *syntax.Ident, sure bool) {
	switch v := at.value(id); v := v.(type) {
	case starlark.String:
		f.add(string(v), id, sure)
		return
	case nil:
	default:
		return
	}
	if !f.first(visit{at.fn, id.Name, false}) {
		return
	}
	at.own(func(n syntax.Node) {
		if a, ok := n.(*syntax.AssignStmt); ok && a.Op == syntax.EQ {
			if lhs, ok := a.LHS.(*syntax.Ident); ok && lhs.Name == id.Name {
				f.expr(at, a.RHS, false)
			}
		}
	})
}

// value returns the value of a name that means the same in every call, or nil.
func (s *scope) value(e syntax.Expr) starlark.Value {
	id, ok := e.(*syntax.Ident)
	if !ok {
		return nil
	}
	b, ok := id.Binding.(*resolve.Binding)
	switch {
	case !ok:
		return nil
	case b.Scope == resolve.Global:
		return s.globals[id.Name]
	case b.Scope == resolve.Free && s.fn != nil && b.Index < s.fn.NumFreeVars():
		_, v := s.fn.FreeVar(b.Index)
		return v
	}
	return nil
}

// call examines the possible results of a call.
func (f *finder) call(at *scope, e *syntax.CallExpr, sure bool) {
	switch fn := e.Fn.(type) {
	case *syntax.DotExpr:
		if fn.Name.Name == "get" {
			f.table(at, fn.X, e, sure)
			if len(e.Args) > 1 {
				f.expr(at, e.Args[1], sure)
			}
		}
	case *syntax.Ident:
		if callee, ok := at.value(fn).(*starlark.Function); ok {
			f.function(callee, sure)
		}
		if b, ok := fn.Binding.(*resolve.Binding); ok && b.Scope == resolve.Predeclared && fn.Name == "to" {
			for i, arg := range e.Args {
				named, ok := arg.(*syntax.BinaryExpr)
				switch {
				case ok && named.Op == syntax.EQ:
					if id, ok := named.X.(*syntax.Ident); ok && id.Name == "group" {
						f.expr(at, named.Y, sure)
					}
				case i == 0:
					f.expr(at, arg, sure)
				}
			}
		}
	}
}

// table examines the elements of a dict, list or tuple of the configuration. It
// looks for the literal of an element in the file of the function, and uses
// from if it finds none.
func (f *finder) table(at *scope, x, from syntax.Expr, sure bool) {
	var values []starlark.Value
	switch v := at.value(x).(type) {
	case *starlark.Dict:
		for _, item := range v.Items() {
			values = append(values, item[1])
		}
	case starlark.Indexable:
		if _, text := v.(starlark.String); text {
			return
		}
		for i := range v.Len() {
			values = append(values, v.Index(i))
		}
	}
	for _, v := range values {
		if s, ok := v.(starlark.String); ok {
			f.add(string(s), f.written(at, x.(*syntax.Ident), string(s), from), sure)
		}
	}
}

// written finds the literal of an element in the assignment of a global.
func (f *finder) written(at *scope, table *syntax.Ident, text string, from syntax.Expr) (found syntax.Node) {
	found = from
	file := f.file(at.fn.Position().Filename())
	for _, stmt := range file.Stmts {
		a, ok := stmt.(*syntax.AssignStmt)
		if !ok {
			continue
		}
		if lhs, ok := a.LHS.(*syntax.Ident); !ok || lhs.Name != table.Name {
			continue
		}
		syntax.Walk(a.RHS, func(n syntax.Node) bool {
			if entry, ok := n.(*syntax.DictEntry); ok {
				n = entry.Value
			} else if _, dict := a.RHS.(*syntax.DictExpr); dict {
				return true // keys are not returned
			}
			if lit, ok := n.(*syntax.Literal); ok && lit.Value == text && found == from {
				found = lit
			}
			return true
		})
	}
	return found
}
