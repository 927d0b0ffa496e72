package python

import (
	"strings"

	"github.com/ldcorn/ldcorn/starlark/python/pyast"
)

// A rewriter writes the nodes of a file as Starlark. Nodes that need no change
// keep their text, including comments and layout.
type rewriter struct {
	*File
	findings []Finding
	helpers  map[string]bool      // functions that the result must define
	words    map[string]bool      // words of ldcorn that the result uses
	renamed  map[string]string    // new names for the file's own names that would hide a word
	reads    map[string]bool      // environment variables that are read by a literal name
	hoisted  map[*pyast.Node]bool // assigned in a statement before their own
}

func newRewriter(f *File) *rewriter {
	return &rewriter{File: f, helpers: make(map[string]bool), words: make(map[string]bool), renamed: make(map[string]string), reads: make(map[string]bool), hoisted: make(map[*pyast.Node]bool)}
}

// removed stands for a removed statement; tidy removes the rest of its line.
const removed = "\x00"

// changed records a construct that is not Starlark and is rewritten.
func (r *rewriter) changed(n *pyast.Node, message, label string) {
	r.findings = append(r.findings, Finding{Start: n.Start, End: n.End, Message: message, Label: label, Migrates: true})
}

// refuse records a construct that cannot be rewritten and leaves it as it is.
func (r *rewriter) refuse(n *pyast.Node, message, label string) string {
	r.findings = append(r.findings, Finding{Start: n.Start, End: n.End, Message: message, Label: label})
	return r.text(n)
}

// refuseHere is refuse for constructs that work in a Python file.
func (r *rewriter) refuseHere(n *pyast.Node, message, label string) string {
	r.refuse(n, message, label)
	r.findings[len(r.findings)-1].Runs = true
	return r.text(n)
}

// word returns the name of an ldcorn word for the result.
func (r *rewriter) word(name string) string {
	r.words[name] = true
	return name
}

// variable writes the name of an environment variable.
func (r *rewriter) variable(n *pyast.Node) string {
	if n.Kind == pyast.String {
		r.reads[n.Body(r.Text)] = true
	}
	return r.write(n)
}

// helper returns the name of a definition that the result needs.
func (r *rewriter) helper(name string) string {
	r.helpers[name] = true
	return r.word(name)
}

// copy writes a node with its kids rewritten and everything else as it is.
func (r *rewriter) copy(n *pyast.Node) string {
	var out strings.Builder
	at := n.Start
	for _, kid := range n.Kids {
		out.WriteString(r.Text[at:kid.Start])
		out.WriteString(r.write(kid))
		at = kid.End
	}
	out.WriteString(r.Text[at:n.End])
	return out.String()
}

// write writes a node as Starlark.
func (r *rewriter) write(n *pyast.Node) string {
	if s, ok := r.statement(n); ok {
		return s
	}
	return r.expression(n)
}

// loose puts parentheses around a text with operators if the parent of the node
// binds closer than they do.
func (r *rewriter) loose(n *pyast.Node, text string) string {
	parent := r.parents[n]
	if parent == nil || !closer(parent, n) {
		return text
	}
	return "(" + text + ")"
}

// closer reports whether a node's parent binds closer than an operator.
func closer(parent, n *pyast.Node) bool {
	switch parent.Kind {
	case pyast.Attr, pyast.Binary, pyast.Unary, pyast.Bool, pyast.Compare, pyast.Star, pyast.DoubleStar, pyast.Await, pyast.AugAssign:
		return true
	case pyast.Call, pyast.Index:
		return parent.Kid(0) == n
	case pyast.CompFor:
		return parent.Kid(0) != n
	}
	return false
}

// simple reports whether an expression can be written twice: it is cheap and
// has no side effects.
func (r *rewriter) simple(n *pyast.Node) bool {
	switch n.Kind {
	case pyast.Name, pyast.Number, pyast.String:
		return true
	case pyast.Attr, pyast.Paren, pyast.Unary:
		return r.simple(n.Kid(0))
	case pyast.Index:
		return r.simple(n.Kid(0)) && r.simple(n.Kid(1))
	case pyast.Call:
		pure := n.Kid(0).IsName("len", "int", "str", "abs") || r.reference(n.Kid(0)) != ""
		for _, arg := range n.Kids[1:] {
			pure = pure && r.simple(arg)
		}
		return pure
	}
	return false
}

// multiline reports whether a node's text spans several lines.
func (r *rewriter) multiline(n *pyast.Node) bool { return strings.Contains(r.text(n), "\n") }

// indent returns the indentation of a statement, and whether the statement
// begins its line.
func (r *rewriter) indent(n *pyast.Node) (string, bool) {
	start := strings.LastIndexByte(r.Text[:n.Start], '\n') + 1
	before := r.Text[start:n.Start]
	blanks := before[:len(before)-len(strings.TrimLeft(before, " \t\f"))]
	return blanks, blanks == before
}

// lines joins the statements that replace one.
func (r *rewriter) lines(n *pyast.Node, statements ...string) string {
	indent, first := r.indent(n)
	if !first {
		return strings.Join(statements, "; ")
	}
	return strings.Join(statements, "\n"+indent)
}
