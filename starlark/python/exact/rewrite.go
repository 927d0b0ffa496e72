package exact

import (
	"go.starlark.net/syntax"
)

// prefix begins the names of the words that Rewrite uses. No file can contain it.
const prefix = "'"

// elements is the name of the word for x of x[i] and x[i:j].
const elements = prefix + "[]"

// Rewrite makes each operation of a file whose result can depend on the characters of a
// string go through Words. It leaves everything else, positions included, as it is.
// Call it before names are resolved, and before bound.Rewrite.
func Rewrite(file *syntax.File) {
	called := make(map[*syntax.DotExpr]bool)
	syntax.Walk(file, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.CallExpr:
			if id, ok := n.Fn.(*syntax.Ident); ok && id.Name == padding && len(n.Args) > 0 && !isText(n.Args[0]) {
				n.Args[0] = through(padded, n.Args[0], n.Lparen)
			}
			if method, ok := n.Fn.(*syntax.DotExpr); ok && texts[method.Name.Name] != nil {
				name := prefix + method.Name.Name
				if len(n.Args) > 0 {
					name += argued
				}
				method.X = through(name, method.X, method.Dot)
				called[method] = true
			}
		case *syntax.DotExpr:
			if texts[n.Name.Name] != nil && !called[n] { // with or without arguments
				n.X = through(prefix+n.Name.Name, through(prefix+n.Name.Name+argued, n.X, n.Dot), n.Dot)
			}
		case *syntax.IndexExpr:
			n.X = through(elements, n.X, n.Lbrack)
		case *syntax.SliceExpr:
			n.X = through(elements, n.X, n.Lbrack)
		}
		return true
	})
}

// argued ends the name of the word for a method that is called with arguments.
const argued = "()"

const (
	padding = "zero_pad"         // the function of a rewritten file for formats such as 02d
	padded  = prefix + "padding" // the name of the word for its argument
)

// isText reports whether an expression is str(x).
func isText(x syntax.Expr) bool {
	call, ok := x.(*syntax.CallExpr)
	if !ok {
		return false
	}
	id, ok := call.Fn.(*syntax.Ident)
	return ok && id.Name == "str"
}

// through returns a call of a word with x. Errors report the position at.
func through(name string, x syntax.Expr, at syntax.Position) syntax.Expr {
	start, end := x.Span()
	end.Col-- // there is no closing parenthesis
	return &syntax.CallExpr{Fn: &syntax.Ident{NamePos: start, Name: name}, Lparen: at, Args: []syntax.Expr{x}, Rparen: end}
}
