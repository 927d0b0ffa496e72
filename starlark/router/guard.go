package router

import (
	"fmt"
	"math"

	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// One step of the interpreter can fill the memory where it multiplies or
// counts: "x" * n, list(range(n)), with a number that a client has sent. So
// within functions the two go through words of ours, which refuse for requests
// what no router needs.

// The limits for requests.
const (
	maxRepeated = 1 << 20 // bytes of a string, or elements of a list
	maxBits     = 1 << 16 // of a number
)

// multiply is the name of the word behind the operator. Nobody can write it.
const multiply = "*"

// Guard has the multiplications in the functions of a file go through a word
// of Guards. Everything else stays as it is, positions too. It must come
// before names are resolved.
func Guard(file *syntax.File) {
	for _, stmt := range file.Stmts {
		syntax.Walk(stmt, func(n syntax.Node) bool {
			switch n.(type) {
			case *syntax.DefStmt, *syntax.LambdaExpr:
				guardFunction(n)
				return false
			}
			return true
		})
	}
}

func guardFunction(fn syntax.Node) {
	syntax.Walk(fn, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.BinaryExpr:
			if n.Op == syntax.STAR {
				guardExpr(n)
			}
		case *syntax.AssignStmt:
			if id, ok := n.LHS.(*syntax.Ident); ok && n.Op == syntax.STAR_EQ {
				n.Op, n.RHS = syntax.EQ, multiplication(&syntax.Ident{NamePos: id.NamePos, Name: id.Name}, n.RHS, n.OpPos)
			}
		}
		return true
	})
}

// guardExpr makes "x * y" a call. As the expression itself must stay what it
// is, it becomes "None or call": always the call.
func guardExpr(n *syntax.BinaryExpr) {
	start, _ := n.X.Span()
	call := multiplication(n.X, n.Y, n.OpPos)
	n.X, n.Op, n.Y = &syntax.Ident{NamePos: start, Name: "None"}, syntax.OR, call
}

func multiplication(x, y syntax.Expr, at syntax.Position) *syntax.CallExpr {
	_, end := y.Span()
	end.Col-- // of the parenthesis that is not there
	return &syntax.CallExpr{Fn: &syntax.Ident{NamePos: at, Name: multiply}, Lparen: at, Args: []syntax.Expr{x, y}, Rparen: end}
}

// Guards are the words that Guard relies on, and those that replace words of
// Starlark's own. Late reports whether the configuration has been loaded.
func Guards(late func() bool) starlark.StringDict {
	counting := starlark.Universe["range"].(*starlark.Builtin)
	return starlark.StringDict{
		multiply: starlark.NewBuiltin(multiply, func(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
			if late() {
				if err := checkProduct(args[0], args[1]); err != nil {
					return nil, err
				}
			}
			return starlark.Binary(syntax.STAR, args[0], args[1])
		}),
		"range": starlark.NewBuiltin("range", func(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
			v, err := counting.CallInternal(thread, args, kwargs)
			if n := starlark.Len(v); err == nil && late() && n > maxRepeated {
				return nil, fmt.Errorf("a range of %d numbers is too long for a request; the most is %d", n, maxRepeated)
			}
			return v, err
		}),
	}
}

// checkProduct refuses what would become too large.
func checkProduct(x, y starlark.Value) error {
	n, ok := y.(starlark.Int)
	if !ok {
		if n, ok = x.(starlark.Int); !ok {
			return nil
		}
		x = y
	}
	if other, ok := x.(starlark.Int); ok {
		if bits := n.BigInt().BitLen() + other.BigInt().BitLen(); bits > maxBits {
			return fmt.Errorf("a number of %d bits is too large for a request; the most is %d", bits, maxBits)
		}
		return nil
	}
	size := max(starlark.Len(x), 0)
	times, ok := n.Int64()
	if !ok {
		times = math.MaxInt32 // or less than 0, which makes nothing
	}
	if size > 0 && times > int64(maxRepeated/size) {
		return fmt.Errorf("repeating %d %s %v times makes too much for a request; the most is %d", size, parts(x, size), n, maxRepeated)
	}
	return nil
}

func parts(v starlark.Value, n int) string {
	word := "element"
	switch v.(type) {
	case starlark.String, starlark.Bytes:
		word = "byte"
	}
	if n != 1 {
		word += "s"
	}
	return word
}
