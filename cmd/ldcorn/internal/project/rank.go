package project

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"github.com/ldcorn/ldcorn/starlark/python/pyast"
)

// order sorts the apps, the likeliest first. What the project names itself comes
// first; then what is no example; then what no other app wraps or
// mounts; then what is near the top; then the usual names.
func (l *look) order(apps []App) []App {
	apps = slices.DeleteFunc(apps, func(a App) bool { return a.Factory && a.NamedBy == "" && l.isUsed(&a) })
	for i := range apps {
		a := &apps[i]
		a.rank = []int{
			yes(a.NamedBy == ""), yes(isAside(a.module)), yes(l.isInner(a)), yes(a.Factory && !strings.HasSuffix(a.variable, "_app")),
			strings.Count(a.module.path, "/"), usual(usualModules, path.Base(a.module.name())), yes(a.Factory), usual(usualNames, a.variable),
		}
	}
	slices.SortStableFunc(apps, func(a, b App) int { return cmp.Or(slices.Compare(a.rank, b.rank), cmp.Compare(a.Name, b.Name)) })
	return apps
}

// The names that most projects use, the usual first.
var (
	usualModules = []string{"main", "app", "asgi", "server", "api", "application"}
	usualNames   = []string{"app", "application", "asgi_app", "api", "create_app", "get_app", "make_app"}
)

// usual returns the place of a name in a list, or that after the last.
func usual(names []string, name string) int {
	if i := slices.Index(names, name); i >= 0 {
		return i
	}
	return len(names)
}

func yes(b bool) int {
	if b {
		return 1
	}
	return 0
}

// isTest reports whether a module is a test, by its path. A test makes apps that
// nobody serves.
func isTest(m *module) bool {
	return slices.ContainsFunc(strings.Split(m.name(), "/"), func(part string) bool {
		return part == "conftest" || part == "test" || part == "tests" || strings.HasPrefix(part, "test_") || strings.HasSuffix(part, "_test")
	})
}

// isAside reports whether a module is a test, an example or a script, by its path.
func isAside(m *module) bool {
	aside := []string{"testing", "example", "examples", "docs", "doc", "docs_src", "scripts", "benchmarks", "migrations"}
	return isTest(m) || slices.ContainsFunc(strings.Split(m.name(), "/"), func(part string) bool { return slices.Contains(aside, part) })
}

// isInner reports whether another app of the module wraps an app, or mounts it.
func (l *look) isInner(a *App) bool {
	for i := range l.p.Apps {
		b := &l.p.Apps[i]
		if b.module == a.module && b.variable != a.variable && slices.Contains(b.wraps, a.variable) {
			return true
		}
	}
	return slices.Contains(a.module.mounted(), a.variable)
}

// mounted returns the names of the variables that a module mounts.
func (m *module) mounted() []string {
	var names []string
	pyast.Walk(m.file, func(n *pyast.Node) bool {
		if n.Kind != pyast.Call || n.Kid(0).Kind != pyast.Attr && n.Kid(0).Kind != pyast.Name {
			return true
		}
		if name := n.Kid(0).Name; name == "mount" || name == "Mount" {
			for _, arg := range n.Kids[1:] {
				if arg.Kind == pyast.Keyword {
					arg = arg.Kid(0)
				}
				if arg.Kind == pyast.Name {
					names = append(names, arg.Name)
				}
			}
		}
		return true
	})
	return names
}

// isUsed reports whether a module makes an app with a factory, so that the app is
// meant rather than the factory.
func (l *look) isUsed(factory *App) bool {
	for _, m := range l.modules {
		for _, all := range m.values {
			for _, assigned := range all {
				call := assigned.Kid(-1)
				if call.Kind != pyast.Call {
					continue
				}
				def, in := l.definition(m, m.reference(call.Kid(0)))
				if def != nil && in == factory.module && def.Name == factory.variable && !isAside(m) {
					return true
				}
			}
		}
	}
	return false
}
