package python

import (
	"slices"
	"strings"

	"github.com/ldcorn/ldcorn/starlark/python/pyast"
)

// Differs returns the first part of a file that can have another value in Starlark
// without an error there, or false if there is none.
func (f *File) Differs() (Finding, bool) {
	beyondASCII := f.hasTextBeyondASCII()
	var found *pyast.Node
	var message string
	pyast.Walk(f.tree, func(n *pyast.Node) bool {
		if found != nil || n.Kind == pyast.Raise || n.Kind == pyast.Assert { // the text of an error is for people
			return false
		}
		switch {
		case beyondASCII && f.counts(n):
			found, message = n, "Starlark counts bytes, not characters"
		case n.Kind == pyast.Call && n.Kid(0).IsName("repr") && !f.own["repr"], n.Kind == pyast.Field && n.Op == "r":
			found, message = n, "`repr` writes other quotes in Starlark"
		case n.Kind == pyast.Compare && comparesBool(n):
			found, message = n, "a number never equals a bool in Starlark"
		case n.Kind == pyast.Call && n.Kid(0).IsName("isinstance") && !f.own["isinstance"] && mentionsInt(n.Kid(2)):
			found, message = n, "a bool is not an int in Starlark"
		}
		return found == nil
	})
	if found == nil {
		return Finding{}, false
	}
	return Finding{Start: found.Start, End: found.End, Message: message}, true
}

// comparesBool reports whether a comparison is one with True or False by == or !=.
func comparesBool(n *pyast.Node) bool {
	return slices.ContainsFunc(n.Kids, func(k *pyast.Node) bool { return k.IsName("True", "False") }) &&
		slices.ContainsFunc(n.Kids, func(k *pyast.Node) bool { return k.Kind == pyast.Operator && (k.Op == "==" || k.Op == "!=") })
}

func mentionsInt(n *pyast.Node) bool {
	mentions := false
	pyast.Walk(n, func(n *pyast.Node) bool {
		mentions = mentions || n.IsName("int")
		return true
	})
	return mentions
}

// hasTextBeyondASCII reports whether a string that is not a docstring can have
// characters of several bytes.
func (f *File) hasTextBeyondASCII() bool {
	has := false
	pyast.Walk(f.tree, func(n *pyast.Node) bool {
		switch {
		case n.Kind == pyast.ExprStmt && n.Kid(0).Kind == pyast.String:
			return false
		case n.Kind == pyast.String || n.Kind == pyast.FString:
			text := f.text(n)
			has = has || strings.ContainsFunc(text, func(c rune) bool { return c >= 0x80 }) ||
				!strings.ContainsAny(n.Op, "rR") && (strings.Contains(text, `\x`) || strings.Contains(text, `\u`) || strings.Contains(text, `\U`) || strings.Contains(text, `\N`))
		}
		return !has
	})
	return has
}

// counting are the methods of strings whose arguments or results count characters.
var counting = []string{"center", "ljust", "rjust", "zfill", "find", "rfind", "index", "rindex", "expandtabs"}

// counts reports whether a node counts what may be characters of a string.
func (f *File) counts(n *pyast.Node) bool {
	switch n.Kind {
	case pyast.Call:
		fn := n.Kid(0)
		return fn.IsName("len") && !f.own["len"] || fn.Kind == pyast.Attr && slices.Contains(counting, fn.Name)
	case pyast.Index:
		key := n.Kid(1)
		return key != nil && (key.Kind == pyast.Slice || key.Kind == pyast.Number || key.Kind == pyast.Unary)
	}
	return false
}

// Tests returns the functions at the top level that a configuration in the language
// would have as tests.
func (f *File) Tests() []Finding {
	var out []Finding
	for _, n := range f.tree.Kids {
		if n.Kind != pyast.Def || !strings.HasPrefix(n.Name, "test_") {
			continue
		}
		if params := n.Find(pyast.Params); params != nil && len(params.Kids) == 1 && params.Kids[0].Name == "t" {
			out = append(out, Finding{Start: n.NameAt, End: n.NameAt + len(n.Name), Message: n.Name})
		}
	}
	return out
}
