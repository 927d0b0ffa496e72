package python

import (
	"path/filepath"
	"strings"

	"github.com/ldcorn/ldcorn/starlark/diag"
	"github.com/ldcorn/ldcorn/starlark/python/pyast"
)

// Is reports whether a file is Python, by its name.
func Is(path string) bool { return filepath.Ext(path) == ".py" }

// A File is a configuration in Python.
type File struct {
	Name string // as messages show it
	Text string

	lines   []int // the offset of each, in bytes
	tree    *pyast.Node
	parents map[*pyast.Node]*pyast.Node
	names   map[string]string      // names that an import binds, by dotted reference
	own     map[string]bool        // names to which the file assigns
	values  map[string]*pyast.Node // the last value assigned to each name
	defs    map[string]*pyast.Node
}

// Parse parses a file. If it cannot, it returns a diagnostic.
func Parse(name, text string) (*File, *diag.Diagnostic) {
	f := &File{Name: name, Text: text, parents: make(map[*pyast.Node]*pyast.Node), names: make(map[string]string), own: make(map[string]bool), values: make(map[string]*pyast.Node), defs: make(map[string]*pyast.Node)}
	f.lines = lineStarts(text)
	tree, err := pyast.Parse(text)
	if err != nil {
		fault := err.(*pyast.Error) // Parse returns no other error
		return nil, &diag.Diagnostic{Code: diag.CodeSyntax, Severity: diag.Error, Message: fault.Message, Span: f.span(fault.Offset)}
	}
	f.tree = tree
	pyast.Walk(tree, func(n *pyast.Node) bool {
		for _, kid := range n.Kids {
			f.parents[kid] = n
		}
		f.bind(n)
		return true
	})
	return f, nil
}

// Names returns the names that imports bind to something that ldcorn has, with
// their dotted references.
func (f *File) Names() map[string]string {
	out := make(map[string]string)
	for name, reference := range f.names {
		if known(reference) {
			out[name] = reference
		}
	}
	return out
}

// bind records the names that a node binds.
func (f *File) bind(n *pyast.Node) {
	switch n.Kind {
	case pyast.Import:
		for _, a := range n.Kids {
			f.bindModule(a)
		}
	case pyast.From:
		for _, a := range n.Kids {
			f.bindFrom(n, a)
		}
	case pyast.Def:
		f.own[n.Name], f.defs[n.Name] = true, n
	case pyast.Class, pyast.Param, pyast.Except:
		f.own[n.Name] = true
	case pyast.Assign:
		for _, target := range n.Kids[:len(n.Kids)-1] {
			f.bindTarget(target)
			f.values[target.Name] = n.Kid(-1)
		}
	case pyast.AnnAssign:
		f.bindTarget(n.Kid(0))
		if len(n.Kids) == 3 {
			f.values[n.Kid(0).Name] = n.Kid(2)
		}
	case pyast.AugAssign, pyast.For, pyast.CompFor, pyast.Walrus:
		f.bindTarget(n.Kid(0))
	}
}

func (f *File) bindTarget(n *pyast.Node) {
	switch n.Kind {
	case pyast.Name:
		f.own[n.Name] = true
	case pyast.Tuple, pyast.List, pyast.Paren, pyast.Star:
		for _, kid := range n.Kids {
			f.bindTarget(kid)
		}
	}
}

// bindModule handles "import a.b" and "import a.b as c".
func (f *File) bindModule(a *pyast.Node) {
	top, _, _ := strings.Cut(a.Name, ".")
	switch {
	case isTypeModule(a.Name) && a.As != "":
		f.names[a.As] = typePrefix + a.Name
	case isTypeModule(a.Name):
		f.names[top] = typePrefix + top
	case a.As != "":
		f.names[a.As] = a.Name
	default:
		f.names[top] = top
	}
}

func (f *File) bindFrom(n, a *pyast.Node) {
	if n.Op != "" {
		return // the package that the file is in
	}
	name := a.Name
	if a.As != "" {
		name = a.As
	}
	switch {
	case isTypeModule(n.Name):
		f.names[name] = typePrefix + n.Name + "." + a.Name
	case name == "*":
		for _, member := range modules[n.Name] {
			f.names[member] = n.Name + "." + member
		}
	default:
		f.names[name] = n.Name + "." + a.Name
	}
}

func isTypeModule(name string) bool {
	for _, m := range typeModules {
		if m == name {
			return true
		}
	}
	return false
}

// reference returns the dotted reference of an expression to an import, or "".
// If a name is both imported and assigned, the assignment counts.
func (f *File) reference(n *pyast.Node) string {
	switch n.Kind {
	case pyast.Paren:
		return f.reference(n.Kid(0))
	case pyast.Name:
		if !f.own[n.Name] {
			return f.names[n.Name]
		}
	case pyast.Attr:
		if x := f.reference(n.Kid(0)); x != "" {
			return x + "." + n.Name
		}
	}
	return ""
}

// text returns the text of a node.
func (f *File) text(n *pyast.Node) string { return f.Text[n.Start:n.End] }
