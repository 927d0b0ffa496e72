package python

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"github.com/ldcorn/ldcorn/starlark/python/pyast"
)

// Blank returns the file with Python constructs blanked or replaced by text of
// the same length, so that every position stays the same: imports, types, code
// that only runs for a type checker or as a program, `is`, the u before a
// string, _ in a number, and adjacent strings.
func (f *File) Blank() string {
	b := &blanker{File: f}
	pyast.Walk(f.tree, b.node)
	slices.SortStableFunc(b.edits, func(x, y edit) int { return cmp.Compare(x.start, y.start) })
	var out strings.Builder
	at := 0
	for _, e := range b.edits {
		out.WriteString(f.Text[at:e.start])
		out.WriteString(sameLength(f.Text[e.start:e.end], e.text))
		at = e.end
	}
	out.WriteString(f.Text[at:])
	return out.String()
}

// sameLength returns text padded to the number of characters in old, with the
// line ends of old.
func sameLength(old, text string) string {
	out := []rune(old)
	for i, c := range out {
		if c != '\n' && c != '\r' {
			out[i] = ' '
		}
	}
	copy(out, []rune(text))
	return string(out)
}

type blanker struct {
	*File
	edits []edit
}

// An edit replaces a part of the file with a text that is no longer.
type edit struct {
	start, end int
	text       string
}

// node blanks a node. It returns false if it has handled the kids too.
func (b *blanker) node(n *pyast.Node) bool {
	switch n.Kind {
	case pyast.Import, pyast.From:
		b.pass(n)
		return false
	case pyast.Try:
		if b.optionalImport(n) {
			b.pass(n)
			return false
		}
	case pyast.If:
		if n.Op == "if" && len(n.Kids) == 2 && b.neverTrue(n.Kid(0)) {
			b.pass(n)
			return false
		}
	case pyast.Assign:
		if b.isType(n.Kid(-1)) {
			b.pass(n)
			return false
		}
	case pyast.AnnAssign:
		if len(n.Kids) == 2 || b.isType(n.Kid(2)) {
			b.pass(n)
			return false
		}
	case pyast.Annotation:
		b.replace(n.Start, n.End, "")
		return false
	case pyast.Operator:
		if other := sameOperators[n.Op]; other != "" {
			b.replace(n.Start, n.End, other)
		}
	case pyast.Number:
		if text := b.text(n); strings.Contains(text, "_") {
			b.replace(n.Start, n.End, strings.ReplaceAll(text, "_", ""))
		}
	case pyast.String:
		if strings.EqualFold(n.Op, "u") {
			b.replace(n.Start, n.Start+1, "")
		}
	case pyast.Concat:
		for i := range n.Kids[1:] {
			if b.joinable(n, i+1) {
				b.replace(n.Kids[i+1].Start-1, n.Kids[i+1].Start, "+")
			}
		}
	}
	return true
}

// pass replaces a statement with one that does nothing.
func (b *blanker) pass(n *pyast.Node) {
	text := "pass"
	if n.End-n.Start < len(text) {
		text = "0" // for example, x:T
	}
	b.replace(n.Start, n.End, text)
}

func (b *blanker) replace(start, end int, text string) {
	b.edits = append(b.edits, edit{start, end, text})
}

// importLine matches the first line of an import, or a line that is only its
// end.
var importLine = regexp.MustCompile(`(?m)^([ \t]*)(?:import[ \t]+[\w.]+|from[ \t]+[\w.]+[ \t]+import\b)[^\n(\\]*(?:\([^)]*\))?`)

// WithoutImports blanks everything that looks like an import in a file that is
// not Python.
func WithoutImports(text string) string {
	return importLine.ReplaceAllStringFunc(text, func(s string) string {
		indent := len(s) - len(strings.TrimLeft(s, " \t"))
		return s[:indent] + sameLength(s[indent:], "pass")
	})
}
