package python

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/ldcorn/ldcorn/starlark/python/pyast"
)

// Differs returns the first part of a file that can have another value in Starlark
// without an error there, or false if there is none. Package exact finds the differences
// that depend on values.
func (f *File) Differs() (Finding, bool) {
	if start, end, name := f.coding(); name != "" {
		return Finding{Start: start, End: end, Message: fmt.Sprintf("the file has the encoding %s, and a configuration is read as UTF-8", name)}, true
	}
	var found *pyast.Node
	var message string
	pyast.Walk(f.tree, func(n *pyast.Node) bool {
		if found != nil || n.Kind == pyast.Raise || n.Kind == pyast.Assert { // the text of an error is for people
			return false
		}
		switch {
		case n.Kind == pyast.Call && f.isCallOf(n, "repr"), n.Kind == pyast.Field && n.Op == "r":
			found, message = n, "`repr` writes other quotes in Starlark"
		case n.Kind == pyast.Compare && comparesBool(n):
			found, message = n, "a number never equals a bool in Starlark"
		case n.Kind == pyast.Call && f.isCallOf(n, "isinstance") && mentionsInt(n.Kid(2)):
			found, message = n, "a bool is not an int in Starlark"
		default:
			if message = f.other(n); message != "" {
				found = n
			}
		}
		return found == nil
	})
	if found == nil {
		return Finding{}, false
	}
	return Finding{Start: found.Start, End: found.End, Message: message}, true
}

// isCallOf reports whether a node is a call of one of Python's own functions.
func (f *File) isCallOf(n *pyast.Node, names ...string) bool {
	return n != nil && n.Kind == pyast.Call && n.Kid(0).IsName(names...) && !f.own[n.Kid(0).Name]
}

// coding returns the place and the name of the encoding that a file has, if that can
// make it another text (PEP 263).
func (f *File) coding() (start, end int, name string) {
	at := 0
	for i, line := range strings.SplitN(f.Text, "\n", 3) {
		m := codingLine.FindStringSubmatchIndex(line)
		switch {
		case i == 2:
			return 0, 0, ""
		case m != nil:
			name = line[m[2]:m[3]]
			plain := strings.ReplaceAll(strings.ToLower(name), "_", "-")
			isASCII := !strings.ContainsFunc(f.Text, func(r rune) bool { return r >= utf8.RuneSelf })
			if plain == "utf-8" || plain == "utf8" || plain == "utf-8-sig" || isASCII && supersets.MatchString(plain) {
				return 0, 0, ""
			}
			return at + m[2], at + m[3], name
		case !blankLine.MatchString(line):
			return 0, 0, ""
		}
		at += len(line) + 1
	}
	return 0, 0, ""
}

var (
	codingLine = regexp.MustCompile(`^[ \t\f]*#.*?coding[:=][ \t]*([-_.a-zA-Z0-9]+)`)
	blankLine  = regexp.MustCompile(`^[ \t\f\r]*(#|$)`)
	supersets  = regexp.MustCompile(`^(us-)?ascii$|^(iso|latin|cp|windows|koi8|mac)[-0-9a-z]*$`) // encodings that have ASCII as it is
)

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
