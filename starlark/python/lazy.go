package python

import (
	"slices"

	"github.com/ldcorn/ldcorn/starlark/python/pyast"
)

// other returns what is another value in Starlark, or "".
func (f *File) other(n *pyast.Node) string {
	switch n.Kind {
	case pyast.Compare:
		return comparesOther(n)
	case pyast.Dict, pyast.Set, pyast.Index:
		if hasBoolKey(n) {
			return "a number is never the same key as a bool in Starlark"
		}
	case pyast.GenExp:
		if !f.atOnce(n) {
			return "a generator is a list in Starlark"
		}
	case pyast.Call:
		return f.otherCall(n)
	case pyast.For, pyast.CompFor:
		if f.isSet(n.Kid(1)) && !f.orderless(n) {
			return otherOrder
		}
	case pyast.Star:
		if f.isSet(n.Kid(0)) {
			return otherOrder
		}
	}
	return ""
}

const otherOrder = "a set has another order in Starlark"

func (f *File) otherCall(n *pyast.Node) string {
	fn := n.Kid(0)
	switch {
	case f.isCallOf(n, "type") && !f.comparesType(n):
		return "the type of a value is a string in Starlark"
	case f.isCallOf(n, "hash"), f.isCallOf(n, "dir"), f.isCallOf(n, "hasattr") && len(n.Kids) > 1 && f.reference(n.Kid(1)) == "":
		return "`" + fn.Name + "` has another result in Starlark"
	case f.isCallOf(n, "list", "tuple", "enumerate", "zip", "map", "filter") && slices.ContainsFunc(n.Kids[1:], f.isSet):
		return otherOrder
	case f.isCallOf(n, "enumerate", "zip", "reversed", "map", "filter") && !f.atOnce(n):
		return "the result of `" + fn.Name + "` is a list in Starlark"
	case fn.Kind != pyast.Attr || f.reference(fn) != "":
	case fn.Name == "popitem":
		return "`popitem` takes the first entry in Starlark"
	case fn.Name == "join" && len(n.Kids) == 2 && f.isSet(n.Kid(1)), fn.Name == "pop" && f.isSet(fn.Kid(0)):
		return otherOrder
	case (fn.Name == "keys" || fn.Name == "values" || fn.Name == "items") && len(n.Kids) == 1 && !f.atOnce(n):
		return "the result of `" + fn.Name + "` is a list in Starlark"
	}
	return ""
}

// comparesOther returns what differs in a comparison, or "".
func comparesOther(n *pyast.Node) string {
	for i := 1; i < len(n.Kids)-1; i += 2 {
		a, op, b := n.Kid(i-1), n.Kid(i), n.Kid(i+1)
		switch constant := func(k *pyast.Node) bool { return k.IsName("None", "True", "False") }; op.Op {
		case "is", "is not":
			if !constant(a) && !constant(b) {
				return "Starlark compares values, not identities"
			}
		case "in", "not in":
			if isBool(a) || (b.Kind == pyast.Tuple || b.Kind == pyast.List || b.Kind == pyast.Set) && slices.ContainsFunc(b.Kids, isBool) {
				return "a number never equals a bool in Starlark"
			}
		}
	}
	return ""
}

func isBool(n *pyast.Node) bool { return n.IsName("True", "False") }

// hasBoolKey reports whether a display or an index has True or False as a key.
func hasBoolKey(n *pyast.Node) bool {
	switch n.Kind {
	case pyast.Index:
		return isBool(n.Kid(1))
	case pyast.Set:
		return slices.ContainsFunc(n.Kids, isBool)
	}
	return slices.ContainsFunc(n.Kids, func(k *pyast.Node) bool { return k.Kind == pyast.Pair && isBool(k.Kid(0)) })
}

// comparesType reports whether a call of type is compared with a type, which is rewritten.
func (f *File) comparesType(n *pyast.Node) bool {
	parent := f.parents[n]
	if parent.Kind != pyast.Compare || len(parent.Kids) != 3 || parent.Kid(0) != n {
		return false
	}
	b := parent.Kid(2)
	return b.Kind == pyast.Name && typeNames[b.Name] != ""
}

// consuming are the functions of Python that take everything from an iterable at once,
// or return another one.
var consuming = []string{
	"list", "tuple", "sorted", "set", "frozenset", "dict", "len", "any", "all", "min", "max", "sum", "enumerate", "zip", "reversed", "map", "filter", "print",
}

// consumingMethods are the methods that do.
var consumingMethods = []string{"join", "extend", "update", "union", "difference", "intersection", "symmetric_difference", "issubset", "issuperset"}

// atOnce reports whether the elements of a value, which may be a view or an iterator in
// Python, are taken once and at once.
func (f *File) atOnce(n *pyast.Node) bool {
	parent := f.parents[n]
	switch parent.Kind {
	case pyast.Paren:
		return f.atOnce(parent)
	case pyast.For, pyast.CompFor:
		return parent.Kid(1) == n
	case pyast.Star:
		return true
	case pyast.AugAssign:
		return parent.Op == "+="
	case pyast.Assign:
		return parent.Kid(0).Kind == pyast.Tuple || parent.Kid(0).Kind == pyast.List
	case pyast.Compare:
		i := slices.Index(parent.Kids, n)
		return i > 0 && (parent.Kid(i-1).Op == "in" || parent.Kid(i-1).Op == "not in")
	case pyast.Call:
		fn := parent.Kid(0)
		if fn == n {
			return false
		}
		return f.isCallOf(parent, consuming...) || fn.Kind == pyast.Attr && slices.Contains(consumingMethods, fn.Name)
	}
	return false
}

// isSet reports whether an expression is a set.
func (f *File) isSet(n *pyast.Node) bool {
	switch n.Kind {
	case pyast.Set, pyast.SetComp:
		return true
	case pyast.Paren:
		return f.isSet(n.Kid(0))
	case pyast.Call:
		return f.isCallOf(n, "set", "frozenset")
	case pyast.Name:
		v := f.values[n.Name]
		return v != nil && v.Kind != pyast.Name && f.isSet(v)
	case pyast.Binary:
		return f.isSet(n.Kid(0)) && f.isSet(n.Kid(1))
	}
	return false
}

// orderless reports whether the order of a loop does not matter: it is in a comprehension
// that makes a set, or whose elements are sorted or counted.
func (f *File) orderless(n *pyast.Node) bool {
	if n.Kind != pyast.CompFor {
		return false
	}
	comp := f.parents[n]
	return comp.Kind == pyast.SetComp || f.isCallOf(f.parents[comp], "sorted", "set", "frozenset", "len", "any", "all", "min", "max", "sum")
}
