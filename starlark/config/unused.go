package config

import (
	"cmp"
	"fmt"
	"strings"

	"go.starlark.net/starlark"
	"go.starlark.net/syntax"

	"github.com/ldcorn/ldcorn/starlark/builtin"
	"github.com/ldcorn/ldcorn/starlark/diag"
	"github.com/ldcorn/ldcorn/starlark/python"
)

// unusedNames warns about names that a configuration loads or assigns at the top
// level and does not use. A loaded file can assign names for others, and a name
// that begins with _ says that it is not used. Files in Python are left alone.
func (e *evaluation) unusedNames(entry *module) {
	for _, m := range e.names {
		if m.file == nil || python.Is(m.name) {
			continue
		}
		used := usedNames(m.file)
		for _, stmt := range m.file.Stmts {
			for id, loaded := range definedNames(stmt) {
				name := id.Name
				if used[name] || !loaded && m != entry || name == configName || strings.HasPrefix(name, "_") || strings.HasPrefix(name, "test_") {
					continue
				}
				if !loaded && reportedUnused(m.globals[name]) {
					continue
				}
				d := diag.Diagnostic{Code: CodeUnusedName, Severity: diag.Warning, Span: e.report.Sources.Span(id),
					Message: fmt.Sprintf("`%s` is not used", name), Label: "remove it, or let its name begin with _"}
				if def, ok := stmt.(*syntax.DefStmt); ok {
					d.Label = cmp.Or(meantTest(def), d.Label)
				}
				if loaded {
					d.Message, d.Label = fmt.Sprintf("`%s` is loaded but not used", name), "remove it from this load"
				}
				e.report.Add(d)
			}
		}
	}
}

// meantTest suggests the name of a test for a function that is most likely meant to be
// one, or returns "".
func meantTest(def *syntax.DefStmt) string {
	first, rest, found := strings.Cut(def.Name.Name, "_")
	if !found || len(def.Params) != 1 || !strings.EqualFold(first, "tests") && diag.Near(first, []string{"test"}) == "" {
		return ""
	}
	return fmt.Sprintf("did you mean `test_%s`? a test has a name that begins with test_", rest)
}

// reportedUnused reports whether unused looks at a value: it reports a group that is
// in no LdConfig, and a limit that is in no group.
func reportedUnused(v starlark.Value) bool {
	switch v.(type) {
	case *builtin.Group, *builtin.Limit:
		return true
	}
	return false
}

// definedNames returns the names that a statement at the top level defines, and
// whether it loads them. It leaves out names that are assigned several at a time.
func definedNames(stmt syntax.Stmt) map[*syntax.Ident]bool {
	names := make(map[*syntax.Ident]bool)
	switch stmt := stmt.(type) {
	case *syntax.LoadStmt:
		for _, id := range stmt.To {
			names[id] = true
		}
	case *syntax.AssignStmt:
		if id, ok := stmt.LHS.(*syntax.Ident); ok && stmt.Op == syntax.EQ {
			names[id] = false
		}
	case *syntax.DefStmt:
		names[stmt.Name] = false
	}
	return names
}

// usedNames returns the names that a file uses anywhere. A variable of a function
// with the same name counts, too.
func usedNames(f *syntax.File) map[string]bool {
	used := make(map[string]bool)
	not := make(map[*syntax.Ident]bool) // names that are not read where they are
	syntax.Walk(f, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.LoadStmt:
			return false
		case *syntax.DefStmt:
			not[n.Name] = true
		case *syntax.AssignStmt:
			if id, ok := n.LHS.(*syntax.Ident); ok && n.Op == syntax.EQ {
				not[id] = true
			}
		case *syntax.CallExpr:
			for _, arg := range n.Args {
				if named, ok := arg.(*syntax.BinaryExpr); ok && named.Op == syntax.EQ {
					if id, ok := named.X.(*syntax.Ident); ok {
						not[id] = true
					}
				}
			}
		case *syntax.DotExpr:
			not[n.Name] = true
		case *syntax.Ident:
			used[n.Name] = used[n.Name] || !not[n]
		}
		return true
	})
	return used
}
