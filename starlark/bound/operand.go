package bound

import "go.starlark.net/syntax"

// Operand returns the operand that Rewrite found in the file, without the check
// that Rewrite may have put around it.
func Operand(e syntax.Expr) syntax.Expr {
	if b, ok := e.(*syntax.BinaryExpr); ok {
		if id, ok := b.X.(*syntax.Ident); ok && id.Name == checkName {
			return b.Y
		}
	}
	return e
}
