package project

import (
	"path"
	"slices"
	"strings"
	"unicode"

	"github.com/ldcorn/ldcorn/starlark/python/pyast"
)

// A place is how a worker finds a module: its dotted name, as seen from a folder.
type place struct {
	module string // "" if there is no such name
	cwd    string // the folder in which the worker runs
	appDir string // the folder of the outermost package in cwd, if it is another one
}

// sources are the names of folders that only hold the code of a project. Its
// other files are beside them.
var sources = []string{"src", "lib", "python"}

// place returns how a worker finds a module.
func (l *look) place(m *module) place {
	known, ok := l.places[m]
	if !ok {
		known = l.findPlace(m)
		l.places[m] = known
	}
	return known
}

func (l *look) findPlace(m *module) place {
	root := l.root(m)
	name := strings.TrimPrefix(strings.TrimPrefix(m.name(), root), "/")
	if root == "." {
		name = m.name()
	}
	var out place
	for _, part := range strings.Split(name, "/") {
		if !isIdentifier(part) {
			return place{}
		}
	}
	out.module, out.cwd = strings.ReplaceAll(name, "/", "."), root
	if slices.Contains(sources, path.Base(root)) && !l.isProject(root) {
		out.cwd = path.Dir(root)
		out.appDir = path.Base(root)
	}
	return out
}

// root returns the folder from which a module is imported: the first one above its
// package. Where packages have no __init__.py, the imports of the module tell.
func (l *look) root(m *module) string {
	folder, packaged := m.folder(), false
	for folder != "." && l.has(folder, "__init__.py") {
		folder, packaged = path.Dir(folder), true
	}
	if packaged || folder == "." {
		return folder
	}
	least := folder
	for range m.climbs() {
		least = path.Dir(least)
	}
	for at := least; ; at = path.Dir(at) {
		if l.imports(m, at) {
			return at
		}
		if at == "." {
			break
		}
	}
	// Nothing tells. The folder of a project of its own, or one that is no
	// package by its name, is the root.
	for at := least; at != "."; at = path.Dir(at) {
		if slices.Contains(sources, path.Base(at)) || !isIdentifier(path.Base(at)) || l.isProject(at) {
			return at
		}
	}
	return "."
}

// climbs returns how many folders the relative imports of a module go up.
func (m *module) climbs() int {
	most := 0
	pyast.Walk(m.file, func(n *pyast.Node) bool {
		if n.Kind == pyast.From {
			most = max(most, len(n.Op))
		}
		return true
	})
	return most
}

// imports reports whether a module imports something that is in a folder.
func (l *look) imports(m *module, folder string) bool {
	found := false
	pyast.Walk(m.file, func(n *pyast.Node) bool {
		var names []string
		switch {
		case n.Kind == pyast.Import:
			for _, a := range n.Kids {
				names = append(names, a.Name)
			}
		case n.Kind == pyast.From && n.Op == "":
			names = append(names, n.Name)
		}
		for _, name := range names {
			top, _, _ := strings.Cut(name, ".")
			inFile := l.has(folder, top+".py") && path.Join(folder, top+".py") != m.path
			found = found || inFile || l.packages[path.Join(folder, top)]
		}
		return true
	})
	return found
}

// markers are the files of a folder that is a project of its own.
var markers = []string{"pyproject.toml", "requirements.txt", "Pipfile", "setup.py", "setup.cfg", "manage.py", "Procfile", "Dockerfile", ".venv", "venv"}

func (l *look) isProject(folder string) bool {
	return slices.ContainsFunc(markers, func(name string) bool { return l.has(folder, name) })
}

func isIdentifier(s string) bool {
	for i, r := range s {
		if r != '_' && !unicode.IsLetter(r) && (i == 0 || !unicode.IsDigit(r)) {
			return false
		}
	}
	return s != ""
}
