package python

import (
	"fmt"
	"strings"

	"github.com/ldcorn/ldcorn/starlark/python/pyast"
)

// statement writes a statement. It returns false if only the kids of the node
// need rewriting.
func (r *rewriter) statement(n *pyast.Node) (string, bool) {
	switch n.Kind {
	case pyast.Block:
		return r.block(n), true
	case pyast.Import, pyast.From:
		r.imports(n)
		return removed, true
	case pyast.If:
		return r.ifStatement(n), true
	case pyast.Assign:
		return r.assign(n), true
	case pyast.AnnAssign:
		return r.annotated(n), true
	case pyast.AugAssign:
		return r.augmented(n), true
	case pyast.Def:
		return r.def(n), true
	case pyast.Params:
		return r.params(n), true
	case pyast.Annotation:
		return "", true
	case pyast.Raise:
		return r.raise(n), true
	case pyast.Assert:
		return r.assert(n), true
	case pyast.Del:
		return r.del(n), true
	case pyast.Try:
		return r.try(n), true
	case pyast.ExprStmt:
		return r.expressionStatement(n), true
	case pyast.For, pyast.While, pyast.Class, pyast.With, pyast.Word, pyast.Other:
		return r.foreign(n), true
	}
	return "", false
}

// block writes the statements of a block, or pass if none is left.
func (r *rewriter) block(n *pyast.Node) string {
	text := r.copy(n)
	if strings.Trim(text, removed+" \t\n;") == "" {
		return strings.Replace(text, removed, "pass", 1)
	}
	return text
}

// foreign writes statements that Starlark supports only in part, or not at all.
func (r *rewriter) foreign(n *pyast.Node) string {
	head := &pyast.Node{Start: n.Start, End: n.Start + len(firstWord(r.text(n)))}
	switch n.Kind {
	case pyast.For:
		if last := n.Kid(-1); last.Op == "else" {
			return r.refuse(n, "`for` has no `else` in Starlark", "set a flag in the loop")
		}
		return r.copy(n)
	case pyast.While:
		return r.refuse(head, "`while` is Python, not Starlark", "use `for i in range(n)`") + r.Text[head.End:n.End]
	case pyast.Class:
		head.Start = strings.LastIndex(r.Text[:n.NameAt], "class")
		head.End = head.Start + len("class")
		label := "use a dict, or a function that returns a WorkerGroup"
		return r.refuse(head, "`class` is Python, not Starlark", label) + r.Text[head.End:n.End]
	case pyast.With:
		return r.refuse(head, "`with` is Python, not Starlark", "read a file with read_json, read_yaml or read_toml") + r.Text[head.End:n.End]
	case pyast.Word:
		if n.Name == "global" || n.Name == "nonlocal" {
			return r.refuse(n, fmt.Sprintf("`%s` is Python, not Starlark", n.Name), "return the value from the function instead")
		}
		return r.text(n)
	}
	return r.refuse(head, fmt.Sprintf("`%s` is Python, not Starlark", n.Name), "") + r.Text[head.End:n.End]
}

func firstWord(s string) string {
	if i := strings.IndexAny(s, " \t\n(:"); i > 0 {
		return s[:i]
	}
	return s
}

// neverTrue reports whether a condition only holds for a type checker or a
// program.
func (f *File) neverTrue(test *pyast.Node) bool {
	if test.Kind == pyast.Compare && len(test.Kids) == 3 && test.Kid(1).Op == "==" {
		a, b := test.Kid(0), test.Kid(2)
		main := func(x, y *pyast.Node) bool {
			return x.IsName("__name__") && y.Kind == pyast.String && y.Body(f.Text) == "__main__"
		}
		return main(a, b) || main(b, a)
	}
	return strings.HasPrefix(f.reference(test), typePrefix) && strings.HasSuffix(f.reference(test), ".TYPE_CHECKING")
}

func (r *rewriter) ifStatement(n *pyast.Node) string {
	test := n.Kid(0)
	if n.Op == "if" && len(n.Kids) == 2 && r.neverTrue(test) {
		return removed
	}
	var hoisted []string
	if w := firstWalrus(test); w != nil && n.Op == "if" {
		r.changed(w, "`:=` is Python, not Starlark", "assign on a line of its own")
		hoisted = append(hoisted, fmt.Sprintf("%s = %s", r.write(w.Kid(0)), r.write(w.Kid(1))))
		r.hoisted[w] = true
	}
	return r.lines(n, append(hoisted, r.copy(n))...)
}

// firstWalrus returns the walrus that is evaluated before everything else in a
// condition, or nil.
func firstWalrus(n *pyast.Node) *pyast.Node {
	for n != nil {
		switch n.Kind {
		case pyast.Walrus:
			return n
		case pyast.Paren, pyast.Unary, pyast.Compare, pyast.Binary, pyast.Bool, pyast.Attr, pyast.Index:
			n = n.Kid(0)
		default:
			return nil
		}
	}
	return nil
}

func (r *rewriter) assign(n *pyast.Node) string {
	targets, value := n.Kids[:len(n.Kids)-1], n.Kid(-1)
	for _, t := range targets {
		if r.badTarget(t) {
			return r.text(n)
		}
	}
	if r.isType(value) {
		return removed
	}
	if len(targets) == 1 {
		return r.copy(n)
	}
	r.changed(n, "Starlark allows one `=` in a statement", "write one assignment per line")
	first := r.write(targets[0])
	out := []string{first + " = " + r.write(value)}
	for _, t := range targets[1:] {
		out = append(out, r.write(t)+" = "+first)
	}
	return r.lines(n, out...)
}

// badTarget refuses a target that Starlark cannot assign to.
func (r *rewriter) badTarget(n *pyast.Node) bool {
	bad := false
	pyast.Walk(n, func(x *pyast.Node) bool {
		switch {
		case x.Kind == pyast.Star:
			r.refuse(x, "a starred target is Python, not Starlark", "write a, b = xs[0], xs[1:]")
			bad = true
		case x.Kind == pyast.Index && r.reference(x.Kid(0)) == "os.environ":
			r.refuse(x, "a configuration does not change the environment", insteadOf("os.environ.update"))
			bad = true
		}
		return true
	})
	return bad
}

// isType reports whether an expression only names a type.
func (f *File) isType(n *pyast.Node) bool {
	switch n.Kind {
	case pyast.Index:
		x := n.Kid(0)
		if x.IsName("list", "dict", "tuple", "set", "frozenset", "type") && !f.own[x.Name] {
			return true
		}
		return strings.HasPrefix(f.reference(x), typePrefix)
	case pyast.Name, pyast.Attr:
		return strings.HasPrefix(f.reference(n), typePrefix)
	case pyast.Binary:
		return n.Op == "|" && (f.isType(n.Kid(0)) || f.isType(n.Kid(1)))
	}
	return false
}

func (r *rewriter) annotated(n *pyast.Node) string {
	if len(n.Kids) == 2 || r.isType(n.Kid(2)) {
		return removed
	}
	if r.badTarget(n.Kid(0)) {
		return r.text(n)
	}
	return r.write(n.Kid(0)) + " = " + r.write(n.Kid(2))
}

func (r *rewriter) augmented(n *pyast.Node) string {
	if r.badTarget(n.Kid(0)) {
		return r.text(n)
	}
	if n.Op == "**=" || n.Op == "@=" {
		return r.refuse(n, fmt.Sprintf("`%s` is Python, not Starlark", n.Op), "")
	}
	return r.copy(n)
}

func (r *rewriter) def(n *pyast.Node) string {
	if d := n.Find(pyast.Decorator); d != nil {
		return r.refuse(d, "decorators are Python, not Starlark", "call the function by its name") + r.Text[d.End:n.End]
	}
	if y := yields(n.Kid(-1)); y != nil {
		return r.refuse(y, "`yield` is Python, not Starlark", "build a list and return it")
	}
	// Only the annotation is between the parameters and the colon.
	params, body := n.Find(pyast.Params), n.Kid(-1)
	head := r.Text[n.Start:n.NameAt] + r.ownName(n.Name) + r.Text[n.NameAt+len(n.Name):params.Start] + r.write(params)
	rest := r.Text[params.End:body.Start]
	if note := n.Find(pyast.Annotation); note != nil {
		rest = strings.TrimRight(r.Text[params.End:note.Start], " \t") + r.Text[note.End:body.Start]
	}
	return head + rest + r.write(body)
}

// ownName returns the name that one of the file's own names has in the result.
func (r *rewriter) ownName(name string) string {
	if other := r.renamed[name]; other != "" {
		return other
	}
	return name
}

// yields returns the first yield in a function's own body.
func yields(body *pyast.Node) *pyast.Node {
	var found *pyast.Node
	pyast.Walk(body, func(n *pyast.Node) bool {
		if n.Kind == pyast.Yield && found == nil {
			found = n
		}
		return n.Kind != pyast.Def && n.Kind != pyast.Lambda
	})
	return found
}

// params removes the annotations and the / after positional-only parameters.
func (r *rewriter) params(n *pyast.Node) string {
	var out strings.Builder
	at := n.Start
	for i, p := range n.Kids {
		if p.Op == "/" {
			r.changed(p, "`/` among parameters is Python, not Starlark", "remove it")
			if i+1 < len(n.Kids) {
				out.WriteString(r.Text[at:p.Start])
				at = n.Kids[i+1].Start
			} else {
				at = n.End
			}
			continue
		}
		out.WriteString(r.Text[at:p.Start] + r.param(p))
		at = p.End
	}
	return out.String() + r.Text[at:n.End]
}

func (r *rewriter) param(p *pyast.Node) string {
	out := p.Op + r.ownName(p.Name)
	def := p.Kid(-1)
	switch {
	case def == nil || def.Kind == pyast.Annotation:
		return out
	case p.Find(pyast.Annotation) != nil:
		return out + " = " + r.write(def)
	}
	return out + r.Text[p.NameAt+len(p.Name):def.Start] + r.write(def)
}

// raise writes a call of fail with the message of the exception.
func (r *rewriter) raise(n *pyast.Node) string {
	if len(n.Kids) == 0 {
		return r.refuse(n, "`raise` is Python, not Starlark", `write fail("why")`)
	}
	text := r.word("fail") + "(" + r.complaint(n.Kid(0)) + ")"
	r.changed(n, "`raise` is Python, not Starlark", `write fail("why")`)
	return text
}

// complaint returns the message of an exception, as an expression.
func (r *rewriter) complaint(n *pyast.Node) string {
	if n.Kind == pyast.Call && len(n.Kids) == 2 && n.Kid(1).Kind != pyast.Number && n.Kid(1).Kind != pyast.Star {
		return r.write(n.Kid(1))
	}
	return quote(r.text(n))
}

func (r *rewriter) assert(n *pyast.Node) string {
	test := n.Kid(0)
	condition := r.write(test)
	switch test.Kind {
	case pyast.Bool, pyast.IfExp, pyast.Lambda, pyast.Compare:
		if test.Kind != pyast.Compare || len(test.Kids) > 3 {
			condition = "(" + condition + ")"
		}
	}
	message := quote("assertion failed: " + r.text(test))
	if len(n.Kids) == 2 {
		message = r.write(n.Kid(1))
	}
	r.changed(n, "`assert` is Python, not Starlark", `write: if not …: fail("why")`)
	text := fmt.Sprintf("if not %s: %s(%s)", condition, r.word("fail"), message)
	if _, first := r.indent(n); !first {
		return r.refuse(n, "`assert` after another statement on the same line cannot be rewritten", "put it on its own line")
	}
	return text
}

// del writes the deletion of an entry as a call of pop.
func (r *rewriter) del(n *pyast.Node) string {
	target := n.Kid(0)
	if target.Kind != pyast.Index || target.Kid(1).Kind == pyast.Slice || r.reference(target.Kid(0)) != "" {
		return r.refuse(n, "`del` is Python, not Starlark", "build the list or dict without it")
	}
	r.changed(n, "`del` is Python, not Starlark", "write .pop(key)")
	return fmt.Sprintf("%s.pop(%s)", r.write(target.Kid(0)), r.write(target.Kid(1)))
}

func (r *rewriter) expressionStatement(n *pyast.Node) string {
	x := n.Kid(0)
	if x.Kind == pyast.Ellipsis {
		r.changed(n, "`...` is Python, not Starlark", "write pass")
		return "pass"
	}
	if text, ok := r.sortStatement(x); ok {
		return text
	}
	return r.copy(n)
}

// sortStatement rewrites x.sort() at the top level of a file as an assignment,
// which has the same effect there.
func (r *rewriter) sortStatement(call *pyast.Node) (string, bool) {
	if call.Kind != pyast.Call || call.Kid(0).Kind != pyast.Attr || call.Kid(0).Name != "sort" || call.Kid(0).Kid(0).Kind != pyast.Name {
		return "", false
	}
	for p := r.parents[call]; p != nil; p = r.parents[p] {
		if p.Kind == pyast.Def || p.Kind == pyast.Lambda {
			return r.refuse(call, "a list has no `.sort` in Starlark", "write sorted(…)"), true
		}
	}
	list := r.write(call.Kid(0).Kid(0))
	r.changed(call, "a list has no `.sort` in Starlark", fmt.Sprintf("write %s = sorted(%s)", list, list))
	args := append([]string{list}, r.each(call.Kids[1:])...)
	return fmt.Sprintf("%s = sorted(%s)", list, strings.Join(args, ", ")), true
}

func (r *rewriter) each(nodes []*pyast.Node) []string {
	out := make([]string, len(nodes))
	for i, n := range nodes {
		out[i] = r.write(n)
	}
	return out
}
