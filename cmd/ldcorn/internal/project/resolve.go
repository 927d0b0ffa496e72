package project

import (
	"path"
	"slices"
	"strings"

	"github.com/ldcorn/ldcorn/starlark/python/pyast"
)

// maxHops limits how many definitions lead from a name to an app, and maxSteps how
// many nodes a look visits to find them.
const (
	maxHops  = 12
	maxSteps = 5_000_000
)

// A resolver finds out what names stand for, across the modules of a project.
type resolver struct {
	modules []*module
	byStem  map[string][]*module // the last part of a module's name
	steps   int
}

// step counts a visit of a node, and reports whether there may be more.
func (r *resolver) step() bool {
	r.steps++
	return r.steps < maxSteps
}

func newResolver(modules []*module) *resolver {
	r := &resolver{modules: modules, byStem: make(map[string][]*module)}
	for _, m := range modules {
		r.byStem[path.Base(m.name())] = append(r.byStem[path.Base(m.name())], m)
	}
	return r
}

// A scope is where an expression is: in a module, and perhaps in one of its
// functions.
type scope struct {
	*module
	locals map[string]*pyast.Node // the last value of each variable of the function
	hops   int
}

// value finds out what an expression makes.
func (r *resolver) value(s scope, n *pyast.Node) value {
	if s.hops++; s.hops > maxHops || n == nil || !r.step() {
		return value{}
	}
	switch n.Kind {
	case pyast.Paren, pyast.IfExp:
		return r.value(s, n.Kid(0))
	case pyast.Walrus:
		return r.value(s, n.Kid(1))
	case pyast.Call:
		return r.call(s, n)
	case pyast.Name:
		if local := s.locals[n.Name]; local != nil && !contains(local, n) {
			return r.value(s, local)
		}
		return r.variable(s, n.Name, n)
	case pyast.Attr:
		return r.imported(s, s.reference(n))
	}
	return value{}
}

// variable finds out what a name of a module stands for, seen from an expression,
// which can be nil.
func (r *resolver) variable(s scope, name string, from *pyast.Node) value {
	var last *pyast.Node
	for _, assigned := range s.values[name] {
		if !r.step() {
			return value{}
		}
		if from == nil || !contains(assigned, from) && (last == nil || assigned.Start < from.Start) {
			last = assigned
		}
	}
	if last != nil {
		return r.value(scope{module: s.module, hops: s.hops}, last.Kid(-1))
	}
	if def := s.defs[name]; def != nil && isASGI(asyncDef(def)) {
		return value{kind: asgi, framework: "ASGI"}
	}
	if reference := s.imports[name]; reference != "" {
		return r.imported(s, reference)
	}
	return value{}
}

// imported finds out what a reference to another module stands for.
func (r *resolver) imported(s scope, reference string) value {
	m, name := r.find(s.module, reference)
	if m == nil || s.hops > maxHops {
		return value{}
	}
	return r.variable(scope{module: m, hops: s.hops + 1}, name, nil)
}

// call finds out what a call makes.
func (r *resolver) call(s scope, n *pyast.Node) value {
	of := n.Kid(0)
	reference := s.reference(of)
	made := frameworkOf(reference)
	if made.kind == asgi && !wraps(reference) || made.kind == wsgi {
		return made
	}
	if reference != "" && wraps(reference) {
		if inner := r.wrapped(s, n, reference); inner.kind != unknown || made.kind == unknown {
			if made.kind == asgi {
				made.inner = inner.inner
				return made
			}
			return inner
		}
		return made
	}
	if of.Kind == pyast.Attr {
		if made := methods[of.Name]; made.kind != unknown {
			return made
		}
	}
	if def, in := r.definition(s.module, reference); def != nil {
		return r.result(scope{module: in, hops: s.hops}, def, n, s)
	}
	return value{}
}

// wrapped finds out what a call makes that wraps one of its arguments.
func (r *resolver) wrapped(s scope, call *pyast.Node, reference string) value {
	adapts := slices.Contains(adapters, reference[strings.LastIndexByte(reference, '.')+1:])
	for _, arg := range wrappable(call) {
		inner := r.value(s, arg)
		switch {
		case inner.kind == asgi:
		case inner.kind == wsgi && adapts:
			inner = value{kind: asgi, framework: inner.framework + " through an adapter"}
		case adapts && arg.Kind == pyast.Attr:
			inner = value{kind: asgi, framework: "WSGI through an adapter"}
		default:
			continue
		}
		if arg.Kind == pyast.Name {
			inner.inner = append(slices.Clone(inner.inner), arg.Name)
		}
		return inner
	}
	return value{}
}

// wrappable returns the arguments of a call, and the values of those that are a dict.
func wrappable(call *pyast.Node) []*pyast.Node {
	var out []*pyast.Node
	for _, arg := range call.Kids[1:] {
		if arg.Kind == pyast.Keyword {
			arg = arg.Kid(0)
		}
		if arg.Kind != pyast.Dict {
			out = append(out, arg)
			continue
		}
		for _, pair := range arg.Kids {
			if pair.Kind == pyast.Pair {
				out = append(out, pair.Kid(1))
			}
		}
	}
	return out
}

// contains reports whether a node is a part of another.
func contains(n, part *pyast.Node) bool {
	return part != nil && n.Start <= part.Start && part.End <= n.End
}
