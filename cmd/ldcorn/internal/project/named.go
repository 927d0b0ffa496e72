package project

import (
	"path"
	"slices"
	"strings"

	"github.com/ldcorn/ldcorn/starlark/python/pyast"
)

// addNamed marks the apps that the project's own commands name, and adds those that
// reading the modules has not found.
func (l *look) addNamed() {
	for _, s := range l.p.Servers {
		l.markFile(s)
		m, variable := l.named(s)
		if m == nil || isAside(m) {
			continue
		}
		same := func(a App) bool { return a.module == m && a.variable == variable }
		if i := slices.IndexFunc(l.p.Apps, same); i >= 0 {
			l.p.Apps[i].NamedBy = orElse(l.p.Apps[i].NamedBy, s.At)
			continue
		}
		if slices.ContainsFunc(l.p.WSGI, same) {
			continue
		}
		v := l.variable(scope{module: m}, variable, nil)
		n := m.definitionOf(variable)
		if v.kind == wsgi || n == nil {
			continue
		}
		l.add(m, variable, value{kind: asgi, framework: v.framework, sticky: v.sticky}, n, n.Kind == pyast.Def)
		if last := len(l.p.Apps) - 1; last >= 0 && same(l.p.Apps[last]) {
			l.p.Apps[last].NamedBy = s.At
		}
	}
}

// markFile marks the apps of the module that a command names by its file.
func (l *look) markFile(s Server) {
	for i := range l.p.Apps {
		a := &l.p.Apps[i]
		if s.file != "" && (a.module.path == s.file || strings.HasSuffix(a.module.path, "/"+s.file)) {
			a.NamedBy = orElse(a.NamedBy, s.At)
		}
	}
}

// keepServers leaves out the servers of apps other than the likeliest.
func (l *look) keepServers() {
	if len(l.p.Apps) == 0 {
		return
	}
	a := &l.p.Apps[0]
	l.p.Servers = slices.DeleteFunc(l.p.Servers, func(s Server) bool {
		if s.file != "" {
			return a.module.path != s.file && !strings.HasSuffix(a.module.path, "/"+s.file)
		}
		m, variable := l.named(s)
		return m != nil && (m != a.module || variable != a.variable)
	})
}

// named returns the module and the variable that a server's command names, or nil.
func (l *look) named(s Server) (*module, string) {
	dotted, variable, _ := strings.Cut(s.App, ":")
	if dotted == "" {
		return nil, ""
	}
	name := strings.ReplaceAll(dotted, ".", "/")
	base := path.Base(name)
	for _, folder := range []string{path.Join(s.folder, s.AppDir), s.folder, ".", s.AppDir} {
		for _, m := range l.byStem[base] {
			if m.name() == path.Join(folder, name) {
				return m, variable
			}
		}
	}
	for _, m := range l.byStem[base] { // in an image, the folders can be others
		if strings.HasSuffix(m.name(), "/"+name) {
			return m, variable
		}
	}
	return nil, ""
}

// definitionOf returns what binds a name of the module, or nil.
func (m *module) definitionOf(name string) *pyast.Node {
	if all := m.values[name]; len(all) > 0 {
		return all[len(all)-1]
	}
	if def := m.defs[name]; def != nil {
		return def
	}
	if m.imports[name] == "" {
		return nil
	}
	return m.file
}
