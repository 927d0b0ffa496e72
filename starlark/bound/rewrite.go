package bound

import "go.starlark.net/syntax"

// Rewrite makes each operation of a file that can do too much work in one step
// go through Words. It leaves everything else, positions included, as it is.
// Call it before names are resolved.
func Rewrite(file *syntax.File) {
	r := &rewriter{facts: learn(file)}
	r.stmts(file.Stmts)
}

type rewriter struct{ *facts }

func (r *rewriter) stmts(list []syntax.Stmt) {
	for _, s := range list {
		r.stmt(s)
	}
}

func (r *rewriter) stmt(s syntax.Stmt) {
	switch s := s.(type) {
	case *syntax.AssignStmt:
		r.assign(s)
	case *syntax.DefStmt:
		r.params(s.Params)
		r.stmts(s.Body)
	case *syntax.ExprStmt:
		s.X = r.expr(s.X)
	case *syntax.ForStmt:
		r.target(s.Vars)
		s.X = r.expr(s.X)
		r.stmts(s.Body)
	case *syntax.WhileStmt:
		s.Cond = r.expr(s.Cond)
		r.stmts(s.Body)
	case *syntax.IfStmt:
		s.Cond = r.expr(s.Cond)
		r.stmts(s.True)
		r.stmts(s.False)
	case *syntax.ReturnStmt:
		s.Result = r.expr(s.Result)
	}
}

func (r *rewriter) params(params []syntax.Expr) {
	for _, p := range params {
		if p, ok := p.(*syntax.BinaryExpr); ok { // name = default
			p.Y = r.expr(p.Y)
		}
	}
}

func (r *rewriter) exprs(list []syntax.Expr) {
	for i, e := range list {
		list[i] = r.expr(e)
	}
}

// target rewrites the expressions in the left side of an assignment.
func (r *rewriter) target(e syntax.Expr) {
	switch e := e.(type) {
	case *syntax.ParenExpr:
		r.target(e.X)
	case *syntax.DotExpr:
		e.X = r.expr(e.X)
	case *syntax.IndexExpr:
		e.X, e.Y = r.expr(e.X), r.key(e.Y)
	case *syntax.TupleExpr:
		for _, e := range e.List {
			r.target(e)
		}
	case *syntax.ListExpr:
		for _, e := range e.List {
			r.target(e)
		}
	}
}

func (r *rewriter) assign(s *syntax.AssignStmt) {
	r.target(s.LHS)
	op, assigning := assigning[s.Op]
	plain := !assigning || r.isNumber(s.RHS) && op != syntax.STAR && op != syntax.PERCENT && op != syntax.LTLT
	s.RHS = r.expr(s.RHS)
	if plain {
		return
	}
	if id, ok := s.LHS.(*syntax.Ident); ok {
		s.Op = syntax.EQ
		s.RHS = callOf(assignName(op), s.OpPos, &syntax.Ident{NamePos: id.NamePos, Name: id.Name}, s.RHS)
		return
	}
	switch op {
	case syntax.LTLT: // shifts by at most 511 bits, so the cost depends on the size of the number
	case syntax.PERCENT:
		s.RHS = callOf(formatName, s.OpPos, s.RHS)
	default:
		s.RHS = callOf(deferName, s.OpPos, s.RHS)
	}
}

func (r *rewriter) expr(e syntax.Expr) syntax.Expr {
	switch e := e.(type) {
	case *syntax.BinaryExpr:
		return r.binary(e)
	case *syntax.CallExpr:
		return r.call(e)
	case *syntax.DotExpr:
		return r.dot(e)
	case *syntax.IndexExpr:
		e.X, e.Y = r.expr(e.X), r.key(e.Y)
	case *syntax.SliceExpr:
		return r.slice(e)
	case *syntax.ParenExpr:
		e.X = r.expr(e.X)
	case *syntax.UnaryExpr:
		if e.X != nil {
			e.X = r.expr(e.X)
		}
	case *syntax.CondExpr:
		e.Cond, e.True, e.False = r.expr(e.Cond), r.expr(e.True), r.expr(e.False)
	case *syntax.ListExpr:
		r.exprs(e.List)
	case *syntax.TupleExpr:
		r.exprs(e.List)
	case *syntax.DictExpr:
		r.exprs(e.List)
	case *syntax.DictEntry:
		e.Key, e.Value = r.key(e.Key), r.expr(e.Value)
	case *syntax.LambdaExpr:
		r.params(e.Params)
		e.Body = r.expr(e.Body)
	case *syntax.Comprehension:
		r.comprehension(e)
	}
	return e
}

func (r *rewriter) comprehension(e *syntax.Comprehension) {
	for _, c := range e.Clauses {
		switch c := c.(type) {
		case *syntax.ForClause:
			r.target(c.Vars)
			c.X = r.expr(c.X)
		case *syntax.IfClause:
			c.Cond = r.expr(c.Cond)
		}
	}
	if _, isEntry := e.Body.(*syntax.DictEntry); e.Curly && !isEntry { // a set
		e.Body = r.key(e.Body)
		return
	}
	e.Body = r.expr(e.Body)
}

func (r *rewriter) binary(e *syntax.BinaryExpr) syntax.Expr {
	switch e.Op {
	case syntax.EQL, syntax.NEQ, syntax.LT, syntax.LE, syntax.GT, syntax.GE:
		free := r.isFlat(e.X) || r.isFlat(e.Y)
		e.X, e.Y = r.expr(e.X), r.expr(e.Y)
		if !free {
			e.X = checked(checkCompare, e.X)
		}
		return e
	case syntax.IN, syntax.NOT_IN:
		e.X, e.Y = r.check(checkMember, e.X), r.expr(e.Y)
		return e
	}
	name, ok := operators[e.Op]
	free := !ok || r.free(e)
	e.X, e.Y = r.expr(e.X), r.expr(e.Y)
	switch {
	case free:
		return e
	case e.Op == syntax.PLUS && isShort(e.Y):
		e.X = checked(checkShort, e.X)
		return e
	case e.Op == syntax.PLUS && isShort(e.X):
		e.Y = checked(checkShort, e.Y)
		return e
	}
	return callOf(name, e.OpPos, e.X, e.Y)
}

// isShort reports whether an expression is a literal no longer than a line.
func isShort(e syntax.Expr) bool {
	lit, ok := e.(*syntax.Literal)
	return ok && lit.Token == syntax.STRING && len(lit.Raw) < 1<<8
}

// free reports whether an operator makes nothing large, whatever the value of
// its other operand.
func (r *rewriter) free(e *syntax.BinaryExpr) bool {
	switch e.Op {
	case syntax.STAR, syntax.LTLT:
		return false
	case syntax.PERCENT:
		return r.isNumber(e.X)
	case syntax.SLASHSLASH:
		return r.isNumber(e.Y)
	}
	return r.isNumber(e.X) || r.isNumber(e.Y)
}

// call rewrites a call: x.join(y) becomes a call of one of Words, with x before
// y.
func (r *rewriter) call(e *syntax.CallExpr) syntax.Expr {
	method, isMethod := e.Fn.(*syntax.DotExpr)
	for i, arg := range e.Args {
		switch a := arg.(type) {
		case *syntax.BinaryExpr:
			if a.Op == syntax.EQ {
				a.Y = r.expr(a.Y)
				continue
			}
		case *syntax.UnaryExpr:
			if a.Op == syntax.STAR || a.Op == syntax.STARSTAR {
				a.X = r.spread(a.X, a.OpPos)
				continue
			}
		}
		if op, ok := ofFirst(method); ok && isMethod && i == 0 {
			e.Args[i] = r.check(op, arg)
			continue
		}
		e.Args[i] = r.expr(arg)
	}
	if !isMethod {
		e.Fn = r.expr(e.Fn)
		return e
	}
	method.X = r.expr(method.X)
	switch name := method.Name.Name; {
	case ofOneText[name]:
		method.X = checked(checkText, method.X)
	case dear(name) && !(len(e.Args) == 0 && trimming[name]):
		start, _ := method.X.Span()
		e.Fn = &syntax.Ident{NamePos: start, Name: methodName(name)}
		e.Args = append([]syntax.Expr{method.X}, e.Args...)
	}
	return e
}

// spread rewrites x of f(*x), unless the file itself shows how long x is.
func (r *rewriter) spread(x syntax.Expr, at syntax.Position) syntax.Expr {
	x = r.expr(x)
	switch x.(type) {
	case *syntax.DictExpr, *syntax.ListExpr, *syntax.TupleExpr:
		return x
	}
	return callOf(spreadName, at, x)
}

// trimming holds the methods that cost nothing without an argument.
var trimming = map[string]bool{"strip": true, "lstrip": true, "rstrip": true}

// dot rewrites x.name if it is not called at once.
func (r *rewriter) dot(e *syntax.DotExpr) syntax.Expr {
	e.X = r.expr(e.X)
	if name := e.Name.Name; dear(name) || byKey[name] || ofTuple[name] {
		return callOf(attributeName, e.Dot, e.X, &syntax.Literal{Token: syntax.STRING, TokenPos: e.Name.NamePos, Raw: name, Value: name})
	}
	return e
}

func (r *rewriter) slice(e *syntax.SliceExpr) syntax.Expr {
	e.X = r.expr(e.X)
	for _, part := range []*syntax.Expr{&e.Lo, &e.Hi, &e.Step} {
		if *part != nil {
			*part = r.expr(*part)
		}
	}
	if e.Step != nil {
		e.X = callOf(sliceName, e.Lbrack, e.X)
	} else {
		e.X = checked(checkSlice, e.X)
	}
	return e
}

// ofFirst returns how a method uses its first argument, if that use can be
// dear.
func ofFirst(method *syntax.DotExpr) (op syntax.Token, ok bool) {
	if method == nil {
		return 0, false
	}
	switch name := method.Name.Name; {
	case name == "index" || name == "remove":
		return checkMember, true
	case ofTuple[name]:
		return checkCompare, true
	case byKey[name]:
		return checkKey, true
	}
	return 0, false
}

// key rewrites an expression that is hashed.
func (r *rewriter) key(e syntax.Expr) syntax.Expr { return r.check(checkKey, e) }

// check rewrites an expression whose use is not certain to be cheap.
func (r *rewriter) check(op syntax.Token, e syntax.Expr) syntax.Expr {
	free := r.isFlat(e)
	e = r.expr(e)
	if free {
		return e
	}
	return checked(op, e)
}

// checked returns $ op x.
func checked(op syntax.Token, x syntax.Expr) syntax.Expr {
	start, _ := x.Span()
	return &syntax.BinaryExpr{X: &syntax.Ident{NamePos: start, Name: checkName}, OpPos: start, Op: op, Y: x}
}

// callOf returns a call of one of Words. Errors report the position at, and the
// call spans its arguments.
func callOf(name string, at syntax.Position, args ...syntax.Expr) *syntax.CallExpr {
	start, _ := args[0].Span()
	_, end := args[len(args)-1].Span()
	end.Col-- // there is no closing parenthesis
	return &syntax.CallExpr{Fn: &syntax.Ident{NamePos: start, Name: name}, Lparen: at, Args: args, Rparen: end}
}
