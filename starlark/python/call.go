package python

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ldcorn/ldcorn/starlark/python/pyast"
)

// call writes a call. It turns calls that read the environment or count CPUs
// into words of ldcorn, and puts the arguments of others into the order that
// Starlark wants.
func (r *rewriter) call(n *pyast.Node) string {
	fn, args := n.Kid(0), n.Kids[1:]
	switch reference := r.reference(fn); reference {
	case "os.environ.get", "os.getenv":
		return r.getenv(n)
	case "os.sched_getaffinity":
		return r.refuseHere(n, "`os.sched_getaffinity` does not exist in Starlark", "write cpu_count()")
	case "":
		if text, ok := r.special(n); ok {
			return text
		}
	default:
		if strings.HasPrefix(reference, "os.environ.") {
			return r.refuse(n, fmt.Sprintf("`%s` is not available", reference), insteadOf(reference))
		}
	}
	if len(args) == 1 && args[0].Kind == pyast.GenExp && fn.Kind == pyast.Name && fn.Name == "list" && !r.own["list"] {
		text := r.copy(args[0])
		r.changed(args[0], "a comprehension needs its [ ] in Starlark", "write [ ] in place of list( )")
		return "[" + text + "]"
	}
	return r.arguments(n)
}

// special writes calls that have another meaning, or none, in Starlark.
func (r *rewriter) special(n *pyast.Node) (string, bool) {
	fn, args := n.Kid(0), n.Kids[1:]
	if fn.Kind == pyast.Name && !r.own[fn.Name] {
		switch {
		case fn.Name == "len" && len(args) == 1 && args[0].Kind == pyast.Call && r.reference(args[0].Kid(0)) == "os.sched_getaffinity":
			return r.word("cpu_count") + "()", true
		case fn.Name == "int" || fn.Name == "float":
			return r.envNumber(n)
		case fn.Name == "enumerate" && len(args) == 2 && args[1].Kind == pyast.Keyword:
			r.changed(args[1], "`enumerate` takes no named arguments in Starlark", "remove the name")
			return r.inPlace(n, []string{r.write(args[0]), r.write(args[1].Kid(0))}), true
		case (fn.Name == "min" || fn.Name == "max") && hasKeyword(args, "default"):
			return r.refuse(n, fmt.Sprintf("`%s` has no default in Starlark", fn.Name), "test for the empty list first"), true
		case fn.Name == "isinstance" && len(args) == 2:
			return r.isinstance(n), true
		}
	}
	if fn.Kind != pyast.Attr || r.reference(fn) != "" {
		return "", false
	}
	switch {
	case fn.Name == "copy" && len(args) == 0:
		r.changed(n, "no value has a `.copy` in Starlark", "write dict(…) or list(…)")
		return fmt.Sprintf("%s(%s)", r.helper("copy"), r.write(fn.Kid(0))), true
	case fn.Name == "zfill" && len(args) == 1:
		r.changed(n, "a string has no `.zfill` in Starlark", `write "0" * (2 - len(s)) + s`)
		return fmt.Sprintf("%s(%s, %s)", r.helper("zero_pad"), r.write(fn.Kid(0)), r.write(args[0])), true
	}
	return r.formatCall(n)
}

func hasKeyword(args []*pyast.Node, name string) bool {
	return slices.ContainsFunc(args, func(a *pyast.Node) bool { return a.Kind == pyast.Keyword && a.Name == name })
}

func (r *rewriter) padCall(value string, width int) string {
	return fmt.Sprintf("%s(%s, %d)", r.helper("zero_pad"), value, width)
}

// isinstance writes a comparison of types, which are strings in Starlark.
func (r *rewriter) isinstance(n *pyast.Node) string {
	x, kinds := n.Kid(1), []*pyast.Node{n.Kid(2)}
	if kinds[0].Kind == pyast.Tuple {
		kinds = kinds[0].Kids
	}
	var names []string
	for _, k := range kinds {
		if k.Kind != pyast.Name || typeNames[k.Name] == "" {
			return r.refuse(n, "`isinstance` is not in Starlark", `write type(x) == "string"`)
		}
		names = append(names, quote(typeNames[k.Name]))
		if k.Name == "int" {
			names = append(names, `"bool"`) // in Python a bool is an int
		}
	}
	text := fmt.Sprintf("type(%s) in (%s)", r.write(x), strings.Join(names, ", "))
	if len(names) == 1 {
		text = fmt.Sprintf("type(%s) == %s", r.write(x), names[0])
	}
	r.changed(n, "`isinstance` is not in Starlark", short("write ", text, `write type(x) == "string"`))
	return r.loose(n, text)
}

// getenv writes a read of the environment as a call of env.
func (r *rewriter) getenv(n *pyast.Node) string {
	name, def, ok := environment(n)
	if !ok {
		return r.refuse(n, "this use of the environment cannot be rewritten", `write os.environ.get("NAME", default)`)
	}
	word := r.word("env")
	switch {
	case def == nil:
		return fmt.Sprintf("%s(%s, None)", word, r.variable(name))
	case r.textual(def):
		return fmt.Sprintf("%s(%s, %s)", word, r.variable(name), r.write(def))
	}
	// env accepts only a string as the default.
	if !r.simple(def) || !r.simple(name) {
		return r.refuseHere(n, "the default of a variable must be a string", "assign it to a name, and test for None")
	}
	text := fmt.Sprintf("%s if %s(%s, None) == None else %s(%s)", r.write(def), word, r.write(name), word, r.write(name))
	return "(" + text + ")"
}

// textual reports whether an expression is, or seems to be, a string or None.
func (f *File) textual(n *pyast.Node) bool {
	switch n.Kind {
	case pyast.String, pyast.FString, pyast.Concat:
		return true
	case pyast.Name:
		value := f.values[n.Name]
		return !n.IsName("True", "False") && (value == nil || value.Kind != pyast.Number && !value.IsName("True", "False"))
	case pyast.Attr, pyast.Index:
		return true
	case pyast.Call:
		return !n.Kid(0).IsName("int", "float", "bool", "len", "min", "max", "list", "dict") && (n.Kid(0).Kind != pyast.Attr || n.Kid(0).Name != "cpu_count")
	case pyast.Binary:
		return n.Op == "+" && (f.textual(n.Kid(0)) || f.textual(n.Kid(1))) || n.Op == "%"
	case pyast.Paren:
		return f.textual(n.Kid(0))
	case pyast.Bool:
		return f.textual(n.Kid(1))
	}
	return false
}

// environment returns the arguments of os.environ.get or os.getenv.
func environment(n *pyast.Node) (name, def *pyast.Node, ok bool) {
	for i, arg := range n.Kids[1:] {
		switch {
		case arg.Kind == pyast.Star || arg.Kind == pyast.DoubleStar || arg.Kind == pyast.GenExp:
			return nil, nil, false
		case arg.Kind == pyast.Keyword && arg.Name == "key":
			name = arg.Kid(0)
		case arg.Kind == pyast.Keyword:
			def = arg.Kid(0)
		case i == 0:
			name = arg
		default:
			def = arg
		}
	}
	return name, def, name != nil
}

// converted returns the read of a variable within int(…) or float(…), or nil.
func (r *rewriter) converted(n *pyast.Node) *pyast.Node {
	if n.Kind != pyast.Call || len(n.Kids) != 2 || !n.Kid(0).IsName("int", "float") || r.own[n.Kid(0).Name] {
		return nil
	}
	x := n.Kid(1)
	switch {
	case x.Kind == pyast.Index && r.reference(x.Kid(0)) == "os.environ":
		return x
	case x.Kind == pyast.Call && (r.reference(x.Kid(0)) == "os.environ.get" || r.reference(x.Kid(0)) == "os.getenv"):
		return x
	}
	return nil
}

// literalFor reports whether a default is a number that env.int or env.float
// accepts.
func (f *File) literalFor(word string, def *pyast.Node) bool {
	return def.Kind == pyast.Number && (word == "float" || !strings.ContainsAny(f.text(def), ".eEjJ"))
}

// envNumber writes int(os.environ…) as env.int(…), and float likewise.
func (r *rewriter) envNumber(n *pyast.Node) (string, bool) {
	x := r.converted(n)
	if x == nil {
		return "", false
	}
	word := "env." + n.Kid(0).Name
	if x.Kind == pyast.Index {
		r.word("env")
		return fmt.Sprintf("%s(%s)", word, r.write(x.Kid(1))), true
	}
	name, def, ok := environment(x)
	if !ok {
		return "", false
	}
	r.word("env")
	if def == nil {
		return fmt.Sprintf("%s(%s)", word, r.write(name)), true
	}
	return fmt.Sprintf("%s(%s, %s)", word, r.write(name), r.numberDefault(n.Kid(0).Name, def)), true
}

// numberDefault writes the default of a variable that is converted to a number.
func (r *rewriter) numberDefault(kind string, def *pyast.Node) string {
	switch {
	case r.literalFor(kind, def):
		return r.number(def)
	case def.Kind == pyast.String && isNumber(def.Body(r.Text), kind):
		return def.Body(r.Text)
	case def.Kind == pyast.Call && kind == "int" && strings.HasSuffix(r.reference(def.Kid(0)), ".cpu_count"):
		return r.write(def)
	}
	return kind + "(" + r.write(def) + ")"
}

// isNumber reports whether a text is a plain number.
func isNumber(s, word string) bool {
	if s == "" || len(s) > 1 && s[0] == '0' && s[1] != '.' {
		return false
	}
	dot := word == "int"
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '.' && !dot:
			dot = true
		case s[i] < '0' || s[i] > '9':
			return false
		}
	}
	return s != "."
}

// arguments writes a call with the positional arguments first, then the named
// ones, then at most one * and one **.
func (r *rewriter) arguments(n *pyast.Node) string {
	args := n.Kids[1:]
	if r.ordered(args) {
		return r.copy(n)
	}
	early := slices.IndexFunc(args, func(a *pyast.Node) bool { return a.Kind == pyast.Star || a.Kind == pyast.DoubleStar })
	r.changed(args[early], "arguments in this order are Python, not Starlark", "write positional arguments first, then named ones, then * and **")
	var place, star, name, double []*pyast.Node
	for _, a := range args {
		switch {
		case a.Kind == pyast.DoubleStar:
			double = append(double, a)
		case a.Kind == pyast.Keyword:
			name = append(name, a)
		case a.Kind == pyast.Star || len(star) > 0:
			star = append(star, a)
		default:
			place = append(place, a)
		}
	}
	out := append(r.each(place), r.each(name)...)
	switch len(star) {
	case 0:
	case 1:
		out = append(out, r.write(star[0]))
	default:
		out = append(out, "*("+r.sum(star)+")")
	}
	switch len(double) {
	case 0:
	case 1:
		out = append(out, r.write(double[0]))
	default:
		out = append(out, "**("+r.union(double)+")")
	}
	return r.inPlace(n, out)
}

// ordered reports whether Starlark accepts the arguments in their order.
func (r *rewriter) ordered(args []*pyast.Node) bool {
	rank, stars, doubles := 0, 0, 0
	for _, a := range args {
		at := 0
		switch a.Kind {
		case pyast.Keyword:
			at = 1
		case pyast.Star:
			at = 2
			stars++
		case pyast.DoubleStar:
			at = 3
			doubles++
		}
		if at < rank {
			return false
		}
		rank = at
	}
	return stars < 2 && doubles < 2
}

// inPlace writes a call with each argument replaced in its place, so that the
// layout stays.
func (r *rewriter) inPlace(n *pyast.Node, args []string) string {
	var out strings.Builder
	out.WriteString(r.write(n.Kid(0)))
	at := n.Kid(0).End
	for i, kid := range n.Kids[1:] {
		if i >= len(args) {
			break
		}
		out.WriteString(r.Text[at:kid.Start] + args[i])
		at = kid.End
	}
	return out.String() + r.Text[n.Kid(-1).End:n.End]
}
