package project

import (
	"slices"
	"strings"

	"github.com/ldcorn/ldcorn/starlark/python/pyast"
)

// result finds out what a call of a function or class of the project makes.
func (r *resolver) result(s scope, def, call *pyast.Node, caller scope) value {
	if def.Kind == pyast.Class {
		return r.instance(s, def, call, caller)
	}
	if note := def.Find(pyast.Annotation); note != nil {
		if v := r.annotated(s, note.Kid(0)); v.kind != unknown {
			return v
		}
	}
	s.locals = make(map[string]*pyast.Node)
	var returned []*pyast.Node
	pyast.Walk(def.Kid(-1), func(n *pyast.Node) bool {
		if !r.step() {
			return false
		}
		switch n.Kind {
		case pyast.Def, pyast.Class, pyast.Lambda, pyast.Other:
			return false
		case pyast.Assign:
			if n.Kid(0).Kind == pyast.Name {
				r.keep(s, n.Kid(0).Name, n.Kid(-1))
			}
		case pyast.AnnAssign:
			if n.Kid(0).Kind == pyast.Name && len(n.Kids) == 3 {
				r.keep(s, n.Kid(0).Name, n.Kid(2))
			}
		case pyast.Return:
			returned = append(returned, n.Kid(0))
		}
		return true
	})
	for _, n := range returned {
		if v := r.value(s, n); v.kind != unknown {
			v.inner = nil // names of the function
			return v
		}
	}
	return value{}
}

// keep records the value of a local variable. A value that is made of the variable
// itself, as in app = Middleware(app), is the first one wrapped.
func (r *resolver) keep(s scope, name string, v *pyast.Node) {
	uses := false
	pyast.Walk(v, func(n *pyast.Node) bool {
		uses = uses || n.IsName(name)
		return r.step()
	})
	if s.locals[name] == nil || !uses {
		s.locals[name] = v
	}
}

// annotated finds out what an instance of a type is.
func (r *resolver) annotated(s scope, note *pyast.Node) value {
	reference := s.reference(note)
	if text, ok := s.literal(note); ok { // -> "FastAPI"
		first, rest, _ := strings.Cut(text, ".")
		reference = text
		if of := s.imports[first]; of != "" {
			reference = strings.TrimSuffix(of+"."+rest, ".")
		}
	}
	if v := frameworkOf(reference); v.kind != unknown {
		return v
	}
	if def, in := r.definition(s.module, reference); def != nil && def.Kind == pyast.Class {
		return r.instance(scope{module: in, hops: s.hops + 1}, def, nil, s)
	}
	return value{}
}

// instance finds out what an instance of a class of the project is. The call that
// makes it can be nil.
func (r *resolver) instance(s scope, class, call *pyast.Node, caller scope) value {
	if s.hops++; s.hops > maxHops || !r.step() {
		return value{}
	}
	for _, base := range class.Kids[:len(class.Kids)-1] {
		if base.Kind == pyast.Decorator || base.Kind == pyast.Keyword {
			continue
		}
		if v := r.annotated(s, base); v.kind != unknown {
			return v
		}
	}
	for _, method := range class.Kid(-1).Kids {
		def := asyncDef(method)
		if def == nil || def.Name != "__call__" || !isASGI(def) {
			continue
		}
		if call != nil {
			for _, arg := range call.Kids[1:] {
				if inner := r.value(caller, arg); inner.kind == asgi && arg.Kind == pyast.Name {
					inner.inner = append(slices.Clone(inner.inner), arg.Name)
					return inner
				}
			}
		}
		return value{kind: asgi, framework: "ASGI"}
	}
	return value{}
}

// isASGI reports whether a function has the parameters of an ASGI app, perhaps
// after self.
func isASGI(def *pyast.Node) bool {
	if def == nil {
		return false
	}
	var names []string
	for _, p := range def.Find(pyast.Params).Kids {
		names = append(names, p.Name)
	}
	if len(names) == 4 {
		names = names[1:]
	}
	return slices.Equal(names, []string{"scope", "receive", "send"})
}

// needsArguments reports whether a function cannot be called without arguments.
func needsArguments(def *pyast.Node) bool {
	for _, p := range def.Find(pyast.Params).Kids {
		hasDefault := len(p.Kids) > 0 && p.Kid(-1).Kind != pyast.Annotation
		if p.Name != "" && p.Op == "" && !hasDefault {
			return true
		}
	}
	return false
}
