package python

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ldcorn/ldcorn/starlark/python/pyast"
)

// imports reports the imports that ldcorn does not have.
func (r *rewriter) imports(n *pyast.Node) {
	if n.Kind == pyast.Import {
		for _, a := range n.Kids {
			if !known(a.Name) && !isTypeModule(a.Name) {
				r.refuse(a, fmt.Sprintf("a configuration cannot import `%s`", a.Name), insteadOf(a.Name))
			}
		}
		return
	}
	module := n.Op + n.Name
	if isTypeModule(module) {
		return
	}
	if _, ok := modules[module]; !ok {
		label := insteadOf(module)
		if n.Op != "" || label == "" {
			label = `share code between files with load("other.star", "name")`
		}
		r.refuse(n, fmt.Sprintf("a configuration cannot import `%s`", module), label)
		return
	}
	for _, a := range n.Kids {
		if name := module + "." + a.Name; a.Name != "*" && !known(name) && !migrates(name) {
			r.refuse(a, fmt.Sprintf("`%s` is not available", name), insteadOf(name))
		}
	}
}

// migrates reports whether a function is not available in a Python file but can
// be rewritten.
func migrates(reference string) bool { return reference == "sys.exit" }

// onlyKnownImports reports whether a block consists of imports that ldcorn has.
func (f *File) onlyKnownImports(block *pyast.Node) bool {
	probe := newRewriter(f)
	for _, n := range block.Kids {
		if n.Kind != pyast.Import && n.Kind != pyast.From {
			return false
		}
		probe.imports(n)
	}
	return len(probe.findings) == 0
}

// optionalImport reports whether a try only guards imports that always succeed.
func (f *File) optionalImport(n *pyast.Node) bool {
	if len(n.Kids) != 2 || !f.onlyKnownImports(n.Kid(0)) {
		return false
	}
	kinds := []*pyast.Node{n.Kid(1).Kid(0)} // a Block if the except has no type
	if kinds[0].Kind == pyast.Tuple {
		kinds = kinds[0].Kids
	}
	return slices.ContainsFunc(kinds, func(k *pyast.Node) bool {
		return k.Kind == pyast.Block || k.IsName("ImportError", "ModuleNotFoundError", "Exception")
	})
}

// try rewrites the two forms that configurations use: an import that can fail,
// and a variable that may be unset.
func (r *rewriter) try(n *pyast.Node) string {
	if r.optionalImport(n) {
		return removed
	}
	if text, ok := r.tryVariable(n); ok {
		return text
	}
	head := &pyast.Node{Start: n.Start, End: n.Start + len("try")}
	return r.refuse(head, "`try` is Python, not Starlark", "Starlark catches no errors: test for the condition with `if` instead") + r.Text[head.End:n.End]
}

// tryVariable rewrites
//
//	try:
//	    x = os.environ["X"]
//	except KeyError:
//	    x = "default", or raise …
func (r *rewriter) tryVariable(n *pyast.Node) (string, bool) {
	if len(n.Kids) != 2 || n.Kid(1).Kind != pyast.Except || !n.Kid(1).Kid(0).IsName("KeyError") {
		return "", false
	}
	body, handler := n.Kid(0), n.Kid(1).Kid(1)
	if len(body.Kids) != 1 || len(handler.Kids) != 1 {
		return "", false
	}
	do, other := body.Kid(0), handler.Kid(0)
	variable := r.onlyVariable(do)
	if variable == nil {
		return "", false
	}
	unset := fmt.Sprintf("%s(%s, None) == None", r.word("env"), r.write(variable))
	switch {
	case other.Kind == pyast.Raise && len(other.Kids) > 0 && (do.Kind == pyast.Assign || do.Kind == pyast.Return):
		test := fmt.Sprintf("if %s: %s(%s)", unset, r.word("fail"), r.complaint(other.Kid(0)))
		r.changed(n, "`try` is Python, not Starlark", "test for it with `if` instead")
		return r.lines(n, test, r.write(do)), true
	case do.Kind == pyast.Assign && other.Kind == pyast.Assign && len(do.Kids) == 2 && len(other.Kids) == 2 && r.text(do.Kid(0)) == r.text(other.Kid(0)):
		text := r.write(do.Kid(0)) + " = " + r.withDefault(do.Kid(1), other.Kid(1), unset)
		r.changed(n, "`try` is Python, not Starlark", "write "+text)
		return text, true
	case do.Kind == pyast.Return && other.Kind == pyast.Return && len(do.Kids) == 1 && len(other.Kids) == 1:
		text := "return " + r.withDefault(do.Kid(0), other.Kid(0), unset)
		r.changed(n, "`try` is Python, not Starlark", "write "+text)
		return text, true
	}
	return "", false
}

// withDefault writes a value that uses a variable, with another value if the
// variable is not set.
func (r *rewriter) withDefault(value, def *pyast.Node, unset string) string {
	if value.Kind == pyast.Index && r.reference(value.Kid(0)) == "os.environ" && (def.Kind == pyast.String || def.IsName("None")) {
		return fmt.Sprintf("%s(%s, %s)", r.word("env"), r.write(value.Kid(1)), r.write(def))
	}
	if call := r.converted(value); call != nil && call.Kind == pyast.Index && r.literalFor(value.Kid(0).Name, def) {
		return fmt.Sprintf("%s.%s(%s, %s)", r.word("env"), value.Kid(0).Name, r.write(call.Kid(1)), r.write(def))
	}
	return fmt.Sprintf("%s if %s else %s", r.write(def), unset, r.write(value))
}

// onlyVariable returns the name of the only environment variable that a
// statement reads and that must be set, or nil.
func (r *rewriter) onlyVariable(n *pyast.Node) *pyast.Node {
	var found []*pyast.Node
	pyast.Walk(n, func(x *pyast.Node) bool {
		if x.Kind == pyast.Index {
			if r.reference(x.Kid(0)) == "os.environ" {
				found = append(found, x.Kid(1))
			} else {
				found = append(found, nil, nil) // it can also fail
			}
		}
		return true
	})
	if len(found) != 1 || strings.Contains(r.text(found[0]), "\n") {
		return nil
	}
	return found[0]
}
