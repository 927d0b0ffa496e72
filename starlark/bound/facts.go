package bound

import "go.starlark.net/syntax"

// Facts are what the text of a file says of its expressions. They err on the
// side of not knowing.
type facts struct {
	values  map[string][]syntax.Expr // what each name is given, wherever; nil where that is not plain
	structs bool                     // there may be values with fields of any name
	flats   map[string]bool          // what isFlat has found out of names; false while it looks
	numbers map[string]bool          // likewise isNumber
	level   int                      // how deep the question is
}

// maxLevel bounds the work that a question takes.
const maxLevel = 6

// learn collects the assignments of a file. Scopes do not matter: a name is
// known only if all of that name are.
func learn(file *syntax.File) *facts {
	f := &facts{values: make(map[string][]syntax.Expr), flats: make(map[string]bool), numbers: make(map[string]bool)}
	for _, stmt := range file.Stmts {
		syntax.Walk(stmt, func(n syntax.Node) bool {
			f.node(n)
			return true
		})
	}
	return f
}

func (f *facts) node(n syntax.Node) {
	switch n := n.(type) {
	case *syntax.AssignStmt:
		if id, ok := n.LHS.(*syntax.Ident); ok && n.Op == syntax.EQ {
			if known, ok := f.values[id.Name]; !ok || known != nil {
				f.values[id.Name] = append(known, n.RHS)
			}
			return
		}
		f.unknown(n.LHS)
	case *syntax.ForStmt:
		f.unknown(n.Vars)
	case *syntax.ForClause:
		f.unknown(n.Vars)
	case *syntax.DefStmt:
		f.unknown(n.Name)
		f.parameters(n.Params)
	case *syntax.LambdaExpr:
		f.parameters(n.Params)
	case *syntax.LoadStmt:
		f.structs = true
		for _, id := range n.To {
			f.unknown(id)
		}
	case *syntax.Ident:
		f.structs = f.structs || n.Name == "struct"
	}
}

func (f *facts) parameters(params []syntax.Expr) {
	for _, p := range params {
		switch p := p.(type) {
		case *syntax.BinaryExpr:
			f.unknown(p.X)
		case *syntax.UnaryExpr:
			f.unknown(p.X)
		default:
			f.unknown(p)
		}
	}
}

// unknown makes the names of a target unknown.
func (f *facts) unknown(e syntax.Expr) {
	switch e := e.(type) {
	case *syntax.Ident:
		f.values[e.Name] = nil
	case *syntax.ParenExpr:
		f.unknown(e.X)
	case *syntax.TupleExpr:
		for _, e := range e.List {
			f.unknown(e)
		}
	case *syntax.ListExpr:
		for _, e := range e.List {
			f.unknown(e)
		}
	}
}

// flatAttributes are the attributes of a request.
var flatAttributes = map[string]bool{
	"method": true, "path": true, "raw_path": true, "host": true, "scheme": true, "client_ip": true, "proto": true,
	"websocket": true, "content_length": true,
}

// flatMethods are methods that give no more than a string or a number where
// their last argument is none.
var flatMethods = map[string]bool{
	"header": true, "cookie": true, "query": true,
	"lower": true, "upper": true, "strip": true, "lstrip": true, "rstrip": true, "removeprefix": true, "removesuffix": true,
	"replace": true, "join": true, "format": true, "title": true, "capitalize": true, "startswith": true, "endswith": true,
	"count": true, "find": true, "rfind": true,
}

var flatFunctions = map[string]bool{
	"str": true, "repr": true, "len": true, "int": true, "float": true, "bool": true, "type": true, "hash": true, "ord": true, "chr": true,
}

var numberFunctions = map[string]bool{"len": true, "int": true, "float": true, "hash": true, "ord": true}

// isFlat reports whether an expression is for certain no value that holds
// others.
func (f *facts) isFlat(e syntax.Expr) bool {
	if f.level++; f.level > maxLevel {
		f.level--
		return false
	}
	defer func() { f.level-- }()
	switch e := e.(type) {
	case *syntax.Literal, *syntax.LambdaExpr:
		return true
	case *syntax.ParenExpr:
		return f.isFlat(e.X)
	case *syntax.CondExpr:
		return f.isFlat(e.True) && f.isFlat(e.False)
	case *syntax.UnaryExpr:
		return e.Op == syntax.NOT || e.Op == syntax.MINUS
	case *syntax.BinaryExpr:
		return f.isFlatBinary(e)
	case *syntax.DotExpr:
		return !f.structs && flatAttributes[e.Name.Name]
	case *syntax.CallExpr:
		return f.isFlatCall(e)
	case *syntax.Ident:
		return f.isKnown(e.Name, f.flats, f.isFlat)
	}
	return false
}

func (f *facts) isFlatBinary(e *syntax.BinaryExpr) bool {
	switch e.Op {
	case syntax.EQL, syntax.NEQ, syntax.LT, syntax.LE, syntax.GT, syntax.GE, syntax.IN, syntax.NOT_IN:
		return true
	case syntax.OR, syntax.AND:
		return f.isFlat(e.X) && f.isFlat(e.Y)
	case syntax.PLUS: // what has fields adds to what has fields only
		return f.isFlat(e.X) || f.isFlat(e.Y)
	}
	return f.isFlat(e.X) && f.isFlat(e.Y)
}

func (f *facts) isFlatCall(e *syntax.CallExpr) bool {
	switch fn := e.Fn.(type) {
	case *syntax.DotExpr:
		if f.structs || !flatMethods[fn.Name.Name] {
			return false
		}
		for _, a := range e.Args {
			if named, ok := a.(*syntax.BinaryExpr); ok && named.Op == syntax.EQ {
				a = named.Y
			}
			switch fn.Name.Name {
			case "header", "cookie", "query": // which return their default
				if !f.isFlat(a) {
					return false
				}
			}
		}
		return true
	case *syntax.Ident:
		_, given := f.values[fn.Name]
		return !given && flatFunctions[fn.Name]
	}
	return false
}

// isNumber reports whether an expression is for certain a number, or an error.
func (f *facts) isNumber(e syntax.Expr) bool {
	if f.level++; f.level > maxLevel {
		f.level--
		return false
	}
	defer func() { f.level-- }()
	switch e := e.(type) {
	case *syntax.Literal:
		return e.Token == syntax.INT || e.Token == syntax.FLOAT
	case *syntax.ParenExpr:
		return f.isNumber(e.X)
	case *syntax.CallExpr:
		id, ok := e.Fn.(*syntax.Ident)
		if !ok {
			return false
		}
		_, given := f.values[id.Name]
		return !given && numberFunctions[id.Name]
	case *syntax.BinaryExpr:
		switch e.Op {
		case syntax.PLUS, syntax.MINUS, syntax.SLASH, syntax.SLASHSLASH:
			return f.isNumber(e.X) && f.isNumber(e.Y)
		}
	case *syntax.Ident:
		return f.isKnown(e.Name, f.numbers, f.isNumber)
	}
	return false
}

// isKnown reports whether all that a name is given is something.
func (f *facts) isKnown(name string, known map[string]bool, is func(syntax.Expr) bool) bool {
	values, given := f.values[name]
	if !given && (name == "None" || name == "True" || name == "False") {
		return true
	}
	if answer, asked := known[name]; asked {
		return answer
	}
	known[name] = false
	for _, v := range values {
		if !is(v) {
			return false
		}
	}
	known[name] = values != nil
	return known[name]
}
