package diag

import "go.starlark.net/syntax"

// globals returns the names that the top level of a file binds, each with the line
// of the first statement that does.
func globals(f *syntax.File) map[string]int {
	g := make(globalNames)
	g.statements(f.Stmts)
	return g
}

type globalNames map[string]int

func (g globalNames) statements(stmts []syntax.Stmt) {
	for _, stmt := range stmts {
		switch stmt := stmt.(type) {
		case *syntax.AssignStmt:
			g.targets(stmt.LHS)
		case *syntax.DefStmt:
			g.add(stmt.Name)
		case *syntax.ForStmt:
			g.targets(stmt.Vars)
			g.statements(stmt.Body)
		case *syntax.IfStmt:
			g.statements(stmt.True)
			g.statements(stmt.False)
		case *syntax.LoadStmt:
			for _, name := range stmt.To {
				g.add(name)
			}
		}
	}
}

// targets adds the names on the left side of an assignment.
func (g globalNames) targets(e syntax.Expr) {
	switch e := e.(type) {
	case *syntax.Ident:
		g.add(e)
	case *syntax.ParenExpr:
		g.targets(e.X)
	case *syntax.TupleExpr:
		for _, x := range e.List {
			g.targets(x)
		}
	case *syntax.ListExpr:
		for _, x := range e.List {
			g.targets(x)
		}
	}
}

func (g globalNames) add(name *syntax.Ident) {
	if _, known := g[name.Name]; !known {
		g[name.Name] = int(name.NamePos.Line)
	}
}
