package project

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"github.com/ldcorn/ldcorn/starlark/python/pyast"
)

// order sorts the apps, the likeliest first. What the project names itself comes
// first; then what is no example; then what is near the top; then the usual names.
// Factories that the project calls itself, and apps that another one wraps or mounts,
// are left out.
func (l *look) order(apps []App, called map[definition]bool) []App {
	apps = slices.DeleteFunc(apps, func(a App) bool {
		return a.Factory && a.NamedBy == "" && called[definition{a.module, a.variable}]
	})
	if outer := slices.DeleteFunc(slices.Clone(apps), func(a App) bool { return a.NamedBy == "" && l.isInner(&a) }); len(outer) > 0 {
		apps = outer
	}
	for i := range apps {
		a := &apps[i]
		a.rank = []int{
			naming(a), yes(isAside(a.module)), yes(a.Factory && !strings.HasSuffix(a.variable, "_app")),
			strings.Count(a.module.path, "/"), usual(usualModules, path.Base(a.module.name())), yes(a.Factory), usual(usualNames, a.variable),
		}
	}
	slices.SortStableFunc(apps, func(a, b App) int { return cmp.Or(slices.Compare(a.rank, b.rank), cmp.Compare(a.Name, b.Name)) })
	return apps
}

// naming ranks how the project names an app: by a command, by a call of uvicorn.run,
// or not at all.
func naming(a *App) int {
	switch {
	case a.NamedBy == "":
		return 2
	case strings.Contains(a.NamedBy, ".py:"):
		return 1
	}
	return 0
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

// isTest reports whether a file is a test, by its path. A test makes apps that nobody
// serves.
func isTest(name string) bool {
	return slices.ContainsFunc(strings.Split(strings.TrimSuffix(name, ".py"), "/"), func(part string) bool {
		return part == "conftest" || part == "test" || part == "tests" || strings.HasPrefix(part, "test_") || strings.HasSuffix(part, "_test")
	})
}

// isAside reports whether a module is an example or a script, by its path.
func isAside(m *module) bool {
	aside := []string{"testing", "example", "examples", "docs", "doc", "docs_src", "scripts", "benchmarks", "migrations"}
	return slices.ContainsFunc(strings.Split(m.name(), "/"), func(part string) bool { return slices.Contains(aside, part) })
}

// isInner reports whether another app of the module wraps an app, or a module mounts
// it.
func (l *look) isInner(a *App) bool {
	for i := range l.p.Apps {
		b := &l.p.Apps[i]
		if b.module == a.module && b.variable != a.variable && slices.Contains(b.wraps, a.variable) {
			return true
		}
	}
	for _, m := range l.modules {
		for _, name := range m.mounted {
			if m == a.module && name == a.variable {
				return true
			}
			if in, variable := l.find(m, m.imports[name]); in == a.module && variable == a.variable {
				return true
			}
		}
	}
	return false
}

// bindMount records the names of the variables that a call mounts.
func (m *module) bindMount(n *pyast.Node) {
	if n.Kind != pyast.Call {
		return
	}
	if name := lastName(n.Kid(0)); name != "mount" && name != "Mount" {
		return
	}
	for _, arg := range n.Kids[1:] {
		if arg.Kind == pyast.Keyword {
			arg = arg.Kid(0)
		}
		if arg.Kind == pyast.Name {
			m.mounted = append(m.mounted, arg.Name)
		}
	}
}

// A definition is a function or a class of a module, by its name.
type definition struct {
	module *module
	name   string
}

// called returns the functions that modules call to set a variable. If one of them
// makes an app, the variable is meant, rather than the function.
func (l *look) called() map[definition]bool {
	out := make(map[definition]bool)
	for _, m := range l.modules {
		if isAside(m) {
			continue
		}
		for _, all := range m.values {
			for _, assigned := range all {
				call := assigned.Kid(-1)
				if call.Kind != pyast.Call {
					continue
				}
				if def, in := l.definition(m, m.reference(call.Kid(0))); def != nil {
					out[definition{in, def.Name}] = true
				}
			}
		}
	}
	return out
}
