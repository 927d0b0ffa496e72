package python

import (
	"fmt"
	"math/big"
	"strings"

	"github.com/ldcorn/ldcorn/starlark/python/pyast"
)

// expression writes an expression.
func (r *rewriter) expression(n *pyast.Node) string {
	switch n.Kind {
	case pyast.Name:
		return r.name(n)
	case pyast.Attr:
		return r.attr(n)
	case pyast.Index:
		return r.index(n)
	case pyast.Call:
		return r.call(n)
	case pyast.Number:
		return r.number(n)
	case pyast.String:
		return r.string(n)
	case pyast.FString:
		return r.fstring(n)
	case pyast.Concat:
		return r.concat(n)
	case pyast.Compare:
		return r.compare(n)
	case pyast.Binary:
		return r.binary(n)
	case pyast.List, pyast.Tuple, pyast.Set:
		return r.display(n)
	case pyast.Dict:
		return r.dict(n)
	case pyast.ListComp, pyast.SetComp, pyast.DictComp, pyast.GenExp:
		return r.comprehension(n)
	case pyast.Walrus:
		if r.hoisted[n] {
			return r.write(n.Kid(0))
		}
		return r.refuse(n, "`:=` is Python, not Starlark", "assign on a line of its own")
	case pyast.Await:
		return r.refuse(n, "`await` is Python, not Starlark", "a configuration is evaluated once, in order")
	case pyast.Keyword:
		return r.keyword(n)
	case pyast.Ellipsis:
		return r.refuse(n, "`...` is Python, not Starlark", "write None")
	}
	return r.copy(n)
}

// keyword writes a named argument. If the call is of one of the file's own
// functions, it uses the name that the parameter has in the result.
func (r *rewriter) keyword(n *pyast.Node) string {
	text := r.copy(n)
	fn := r.parents[n].Kid(0)
	if def := r.defs[fn.Name]; fn.Kind == pyast.Name && def != nil && r.renamed[n.Name] != "" {
		for _, p := range def.Find(pyast.Params).Kids {
			if p.Name == n.Name && p.Op == "" {
				return r.renamed[n.Name] + strings.TrimPrefix(text, n.Name)
			}
		}
	}
	return text
}

// lacking maps functions of Python that Starlark lacks to a suggestion.
var lacking = map[string]string{
	"round": "write int(x + 0.5), or `//` to divide whole numbers", "open": "read a file with read_json, read_yaml, read_toml, env_file, secret_file or load",
	"pow": "multiply instead", "divmod": "write a // b and a % b", "next": "loop, or take the first element of a list",
	"iter": "loop over it", "format": `write "{}".format(x)`, "input": "a configuration reads no input", "eval": "", "exec": "",
	"globals": "", "locals": "", "vars": "", "setattr": "", "super": "", "object": "use a dict", "callable": "",
	"issubclass": "", "memoryview": "", "bytearray": "", "complex": "", "__import__": "",
}

// added are functions of Python that Starlark lacks. The result defines those
// that it uses.
var added = map[string]bool{"sum": true, "map": true, "filter": true}

func (r *rewriter) name(n *pyast.Node) string {
	if r.own[n.Name] {
		return r.ownName(n.Name)
	}
	if reference := r.names[n.Name]; reference != "" {
		return r.referenced(n, reference)
	}
	if added[n.Name] {
		r.changed(n, fmt.Sprintf("`%s` is not in Starlark", n.Name), "write a loop")
		return r.helper(n.Name)
	}
	switch n.Name {
	case "frozenset":
		r.changed(n, "`frozenset` is not in Starlark", "write set")
		return "set"
	case "__file__":
		return r.refuseHere(n, "`__file__` does not exist in Starlark", "paths in a configuration start at its folder: write them as strings")
	case "__name__":
		label := "write a name in its place"
		if r.parents[n].Kind == pyast.Compare {
			label = "a configuration is never imported: remove the test"
		}
		return r.refuseHere(n, "`__name__` does not exist in Starlark", label)
	case "load":
		return r.refuse(n, "`load` is a reserved word of Starlark", "use another name")
	case "exit", "quit":
		r.changed(n, fmt.Sprintf("`%s` is not in Starlark", n.Name), `write fail("why")`)
		return r.word("fail")
	}
	if label, ok := lacking[n.Name]; ok {
		return r.refuse(n, fmt.Sprintf("`%s` is not in Starlark", n.Name), label)
	}
	return n.Name
}

// referenced writes a name that refers to an import.
func (r *rewriter) referenced(n *pyast.Node, reference string) string {
	switch {
	case strings.HasPrefix(reference, typePrefix):
		return r.refuse(n, fmt.Sprintf("`%s` is a type, which cannot be part of a value", r.text(n)), "remove it")
	case reference == "sys.exit":
		r.changed(n, "`sys.exit` is not available", `write fail("why")`)
		return r.word("fail")
	case !known(reference):
		module, _, _ := strings.Cut(reference, ".")
		if _, ok := modules[module]; ok && n.Kind == pyast.Attr {
			return r.refuse(n, fmt.Sprintf("`%s` is not available", reference), insteadOf(reference))
		}
		return r.text(n) // reported at the import
	}
	module, name := "", reference
	if i := strings.LastIndexByte(reference, '.'); i >= 0 {
		module, name = reference[:i], reference[i+1:]
	}
	switch {
	case name == "LdConfig" || name == "WorkerGroup":
		return r.word(name)
	case name == "cpu_count" || name == "process_cpu_count":
		return r.word("cpu_count")
	case module == "math":
		return r.word("math") + "." + name
	case reference == "json.loads":
		return r.word("json") + ".decode"
	case reference == "os.path.join" || reference == "os.path.dirname" || reference == "os.path.basename":
		return r.helper("path_" + name)
	case module == "os.path":
		return r.refuseHere(n, fmt.Sprintf("`%s` does not exist in Starlark", reference), "paths in a configuration start at its folder: write them as strings")
	}
	r.refuse(n, fmt.Sprintf("`%s` cannot be used like this in Starlark", reference), insteadOf(reference))
	// In a Python file, another name for it or a function that receives it does
	// no harm.
	parent := r.parents[n].Kind
	r.findings[len(r.findings)-1].Runs = parent == pyast.Assign || parent == pyast.Call || parent == pyast.Attr || parent == pyast.Keyword
	return r.text(n)
}

func (r *rewriter) attr(n *pyast.Node) string {
	if reference := r.reference(n); reference != "" {
		if _, isModule := modules[reference]; !isModule || reference == "os.environ" {
			return r.referenced(n, reference)
		}
		return r.refuseHere(n, fmt.Sprintf("`%s` cannot be used like this in Starlark", reference), "")
	}
	return r.copy(n)
}

func (r *rewriter) index(n *pyast.Node) string {
	if r.reference(n.Kid(0)) == "os.environ" {
		return fmt.Sprintf("%s(%s)", r.word("env"), r.variable(n.Kid(1)))
	}
	return r.copy(n)
}

func (r *rewriter) number(n *pyast.Node) string {
	text := strings.ReplaceAll(r.text(n), "_", "")
	if strings.ContainsAny(text, "jJ") && !strings.HasPrefix(strings.ToLower(text), "0x") {
		return r.refuse(n, "complex numbers are Python, not Starlark", "")
	}
	return text
}

var sameOperators = map[string]string{"is": "==", "is not": "!="}

// compare splits a chained comparison and replaces tests for identity.
func (r *rewriter) compare(n *pyast.Node) string {
	if text, ok := r.compareType(n); ok {
		return text
	}
	if len(n.Kids) == 3 {
		return r.comparison(n, 0, n.Start, n.End)
	}
	for i := 2; i < len(n.Kids)-1; i += 2 {
		if !r.simple(n.Kid(i)) {
			return r.refuse(n, "comparisons cannot be chained", "assign the middle value to a name, and write a < b and b < c")
		}
	}
	var parts []string
	for i := 0; i+2 < len(n.Kids); i += 2 {
		start, end := n.Kid(i).Start, n.Kid(i+2).End
		parts = append(parts, r.comparison(n, i, start, end))
	}
	text := strings.Join(parts, " and ")
	r.changed(n, "comparisons cannot be chained", short("write ", text, "write `a < b and b < c`"))
	return r.loose(n, text)
}

// comparison writes the comparison of two kids, starting with the i-th.
func (r *rewriter) comparison(n *pyast.Node, i, start, end int) string {
	a, op, b := n.Kid(i), n.Kid(i+1), n.Kid(i+2)
	if r.reference(b) == "os.environ" && (op.Op == "in" || op.Op == "not in") {
		test := map[string]string{"in": "!=", "not in": "=="}[op.Op]
		return r.loose(n, fmt.Sprintf("%s(%s, None) %s None", r.word("env"), r.write(a), test))
	}
	symbol := r.text(op)
	if other := sameOperators[op.Op]; other != "" {
		symbol = other
	}
	return r.Text[start:a.Start] + r.write(a) + r.Text[a.End:op.Start] + symbol + r.Text[op.End:b.Start] + r.write(b) + r.Text[b.End:end]
}

var typeNames = map[string]string{"str": "string", "int": "int", "float": "float", "bool": "bool", "list": "list", "dict": "dict", "tuple": "tuple", "set": "set", "bytes": "bytes"}

// compareType rewrites type(x) == str: the types of Starlark are strings.
func (r *rewriter) compareType(n *pyast.Node) (string, bool) {
	if len(n.Kids) != 3 {
		return "", false
	}
	a, op, b := n.Kid(0), n.Kid(1), n.Kid(2)
	if a.Kind != pyast.Call || !a.Kid(0).IsName("type") || b.Kind != pyast.Name || typeNames[b.Name] == "" {
		return "", false
	}
	symbol := op.Op
	if other := sameOperators[symbol]; other != "" {
		symbol = other
	}
	text := fmt.Sprintf("%s %s %q", r.write(a), symbol, typeNames[b.Name])
	r.changed(n, "types are strings in Starlark", short("write ", text, `write type(x) == "string"`))
	return text, true
}

func (r *rewriter) binary(n *pyast.Node) string {
	switch n.Op {
	case "**":
		return r.power(n)
	case "@":
		return r.refuse(n, "`@` is Python, not Starlark", "")
	case "%":
		if text, ok := r.percent(n); ok {
			return text
		}
	}
	return r.copy(n)
}

// power computes a power of constant numbers.
func (r *rewriter) power(n *pyast.Node) string {
	base, exponent := n.Kid(0), n.Kid(1)
	message, label := "`**` is Python, not Starlark", "multiply instead, or write 1 << n for a power of two"
	b, isInt := new(big.Int).SetString(r.number(base), 10)
	e, small := new(big.Int).SetString(r.number(exponent), 10)
	switch {
	case base.Kind == pyast.Number && exponent.Kind == pyast.Number && isInt && small && e.IsInt64() && e.Int64() <= 512 && b.BitLen() < 64:
		r.changed(n, message, label)
		return new(big.Int).Exp(b, e, nil).String()
	case base.Kind == pyast.Number && isInt && b.IsInt64() && b.Int64() == 2 && exponent.Kind != pyast.Number:
		r.changed(n, message, label)
		return "(1 << " + r.operand(exponent) + ")"
	case r.simple(base) && exponent.Kind == pyast.Number && small && e.IsInt64() && (e.Int64() == 2 || e.Int64() == 3):
		r.changed(n, message, label)
		factor := r.operand(base)
		return "(" + factor + strings.Repeat(" * "+factor, int(e.Int64())-1) + ")"
	}
	return r.refuse(n, message, label)
}

// operand writes an expression that is an operand of an operator.
func (r *rewriter) operand(n *pyast.Node) string {
	text := r.write(n)
	switch n.Kind {
	case pyast.Name, pyast.Number, pyast.Attr, pyast.Call, pyast.Index, pyast.Paren, pyast.String, pyast.FString, pyast.List, pyast.Dict:
		return text
	}
	if strings.HasPrefix(text, "(") && strings.HasSuffix(text, ")") && n.Kind == pyast.Tuple {
		return text
	}
	return "(" + text + ")"
}

// advice returns "write TEXT" if the text is short and makes sense on its own.
func (r *rewriter) advice(text, otherwise string) string {
	for name := range r.helpers {
		if strings.Contains(text, name+"(") {
			return otherwise
		}
	}
	return short("write ", text, otherwise)
}

// short returns before and text if the text is short, and otherwise the other
// advice.
func short(before, text, otherwise string) string {
	if len(text) > 70 || strings.ContainsAny(text, "\n"+removed) {
		return otherwise
	}
	return before + text
}
