package project

import (
	"path"
	"strings"

	"github.com/ldcorn/ldcorn/starlark/python/pyast"
)

// name returns the path of the module without its suffix. A package is its folder.
func (m *module) name() string {
	name := strings.TrimSuffix(m.path, ".py")
	if path.Base(name) == "__init__" {
		return path.Dir(name)
	}
	return name
}

// definition returns the function or class of the project that a reference names,
// and its module, or nil. An async function makes no app.
func (r *resolver) definition(m *module, reference string) (*pyast.Node, *module) {
	for range maxHops {
		in, name := m, reference
		if m.defs[reference] == nil {
			if in, name = r.find(m, reference); in == nil {
				return nil, nil
			}
		}
		if def := in.defs[name]; def != nil {
			if def.Kind == pyast.Other {
				return nil, nil
			}
			return def, in
		}
		if reference = in.imports[name]; reference == "" { // it is not passed on
			return nil, nil
		}
		m = in
	}
	return nil, nil
}

// find returns the module of the project that a reference leads into, and the name
// there, or nil.
func (r *resolver) find(m *module, reference string) (*module, string) {
	dots := len(reference) - len(strings.TrimLeft(reference, "."))
	i := strings.LastIndexByte(reference, '.')
	if i < 0 {
		return nil, ""
	}
	of, name := reference[:i], reference[i+1:]
	if dots > i { // from . import name
		of = reference[:dots]
	}
	if dots == 0 {
		return r.absolute(m, strings.ReplaceAll(of, ".", "/")), name
	}
	folder := m.folder()
	for range dots - 1 {
		folder = path.Dir(folder)
	}
	target := path.Join(folder, strings.ReplaceAll(of[dots:], ".", "/"))
	for _, known := range r.byStem[path.Base(target)] {
		if known.name() == target {
			return known, name
		}
	}
	return nil, ""
}

// absolute returns the module with a name, or nil. If several folders have one, it
// is that beside the module that imports it, or else the first.
func (r *resolver) absolute(m *module, name string) *module {
	var first *module
	for _, known := range r.byStem[path.Base(name)] {
		if known == m || known.name() != name && !strings.HasSuffix(known.name(), "/"+name) {
			continue
		}
		if known.name() == path.Join(m.folder(), name) {
			return known
		}
		if first == nil {
			first = known
		}
	}
	return first
}
