package bound

import "go.starlark.net/syntax"

// Facts hold what the text of a file reveals about its expressions. When in
// doubt, a fact is unknown.
type facts struct {
	values  map[string][]syntax.Expr // the expressions assigned to each name anywhere; nil if they are unknown
	structs bool                     // some values may have fields of any name
	flats   map[string]bool          // the results of isFlat by name; false while it runs
	numbers map[string]bool          // the same for isNumber
	level   int                      // depth of the current question
}

// maxLevel bounds the work for one question.
const maxLevel = 6

// learn collects the assignments of a file. Scopes do not matter: a fact about
// a name must hold for every variable of that name.
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

// unknown marks the names in an assignment target as unknown.
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

// flatAttributes are the attributes of a request that hold no other values.
var flatAttributes = map[string]bool{
	"method": true, "path": true, "raw_path": true, "host": true, "scheme": true, "client_ip": true, "proto": true,
	"client_cert_subject": true, "client_cert_san": true, "client_cert_fingerprint": true,
	"websocket": true, "content_length": true,
}

// flatMethods are the methods whose result holds no other values. Header,
// cookie and query belong to them only if their default does not hold others.
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

// isFlat reports whether an expression certainly gives a value that holds no
// other values.
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
	case syntax.PLUS: // a value with fields adds only to a value with fields
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
			case "header", "cookie", "query": // these return their default
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

// isNumber reports whether an expression certainly gives a number or an error.
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

// isKnown reports whether is holds for every expression assigned to a name.
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
