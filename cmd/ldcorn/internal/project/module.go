package project

import (
	"path"
	"sort"
	"strings"

	"github.com/ldcorn/ldcorn/starlark/python/pyast"
)

// A module is a Python file, read but not run.
type module struct {
	path    string // in the tree
	src     string
	lines   []int // where each line begins
	file    *pyast.Node
	imports map[string]string        // the dotted references that local names stand for
	values  map[string][]*pyast.Node // the assignments to each name at the outermost level, in order
	defs    map[string]*pyast.Node   // functions and classes at the outermost level
	mounted []string                 // the names of the apps that it mounts
}

// parse reads the text of a module.
func parse(name, src string) (*module, error) {
	src = strings.ReplaceAll(strings.TrimPrefix(src, "\ufeff"), "\r\n", "\n")
	file, err := pyast.Parse(src)
	if err != nil {
		return nil, err
	}
	m := &module{
		path: name, src: src, file: file, imports: make(map[string]string),
		values: make(map[string][]*pyast.Node), defs: make(map[string]*pyast.Node),
	}
	m.lines = []int{0}
	for i := range len(src) {
		if src[i] == '\n' {
			m.lines = append(m.lines, i+1)
		}
	}
	pyast.Walk(file, func(n *pyast.Node) bool {
		m.bindImport(n)
		m.bindMount(n)
		return true
	})
	m.bind(file)
	return m, nil
}

// folder returns the folder of the module.
func (m *module) folder() string { return path.Dir(m.path) }

// bindImport records the names that an import binds, wherever in the file it is.
// The reference of a relative import begins with its dots.
func (m *module) bindImport(n *pyast.Node) {
	switch n.Kind {
	case pyast.Import:
		for _, a := range n.Kids {
			if a.As != "" {
				m.imports[a.As] = a.Name
				continue
			}
			top, _, _ := strings.Cut(a.Name, ".")
			m.imports[top] = top
		}
	case pyast.From:
		from := n.Op + n.Name
		if n.Name != "" {
			from += "."
		}
		for _, a := range n.Kids {
			name := a.As
			if name == "" {
				name = a.Name
			}
			m.imports[name] = from + a.Name
		}
	}
}

// bind records what statements bind at the outermost level, except behind
// `if __name__ == "__main__":`, which no server runs.
func (m *module) bind(n *pyast.Node) {
	for _, kid := range n.Kids {
		switch kid.Kind {
		case pyast.Assign:
			for _, target := range kid.Kids[:len(kid.Kids)-1] {
				if target.Kind == pyast.Name {
					m.values[target.Name] = append(m.values[target.Name], kid)
				}
			}
		case pyast.AnnAssign:
			if target := kid.Kid(0); target.Kind == pyast.Name && len(kid.Kids) == 3 {
				m.values[target.Name] = append(m.values[target.Name], kid)
			}
		case pyast.Def, pyast.Class:
			m.defs[kid.Name] = kid
		case pyast.Other:
			if inner := asyncDef(kid); inner != nil {
				m.defs[inner.Name] = kid
			}
		case pyast.If:
			if !m.isMain(kid.Kid(0)) {
				m.bind(kid)
			}
		case pyast.Try, pyast.Except, pyast.Block, pyast.With:
			m.bind(kid)
		}
	}
}

// isMain reports whether a condition is `__name__ == "__main__"`.
func (m *module) isMain(test *pyast.Node) bool {
	return test.Kind == pyast.Compare && test.Kid(0).IsName("__name__")
}

// asyncDef returns the function of an async def, or nil.
func asyncDef(n *pyast.Node) *pyast.Node {
	if n.Kind != pyast.Other || n.Name != "async" {
		return nil
	}
	return n.Find(pyast.Def)
}

// reference returns the dotted reference of an expression such as
// fastapi.FastAPI, through the imports of the module, or "".
func (m *module) reference(n *pyast.Node) string {
	switch {
	case n == nil:
	case n.Kind == pyast.Name:
		if of, imported := m.imports[n.Name]; imported {
			return of
		}
		return n.Name
	case n.Kind == pyast.Attr:
		if of := m.reference(n.Kid(0)); of != "" {
			return of + "." + n.Name
		}
	}
	return ""
}

// literal returns the value of a string, if the expression is one.
func (m *module) literal(n *pyast.Node) (string, bool) {
	if n == nil || n.Kind != pyast.String || strings.ContainsAny(n.Op, "bB") {
		return "", false
	}
	body := n.Body(m.src)
	raw := strings.ContainsAny(n.Op, "rR")
	return body, raw || !strings.Contains(body, `\`)
}

// text returns the text of an expression.
func (m *module) text(n *pyast.Node) string { return m.src[n.Start:n.End] }

// line returns the number of the line at an offset.
func (m *module) line(offset int) int {
	return sort.Search(len(m.lines), func(i int) bool { return m.lines[i] > offset })
}

// keyword returns the value of a named argument of a call, or nil.
func keyword(call *pyast.Node, name string) *pyast.Node {
	for _, kid := range call.Kids {
		if kid.Kind == pyast.Keyword && kid.Name == name {
			return kid.Kid(0)
		}
	}
	return nil
}
