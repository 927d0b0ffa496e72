package python

import (
	"regexp"
	"strings"

	"github.com/ldcorn/ldcorn/starlark/python/pyast"
)

// conversion matches a conversion in a string for %, with flags, width and
// precision, which Starlark lacks.
var conversion = regexp.MustCompile(`%(\([^)]*\))?([-+ #0]*\d*(?:\.\d+)?)[hlL]?([a-zA-Z%])`)

// percent rewrites the formats of a % that Starlark lacks. If it returns false,
// the text stays as it is.
func (r *rewriter) percent(n *pyast.Node) (string, bool) {
	left, right := n.Kid(0), n.Kid(1)
	if left.Kind != pyast.String {
		return "", false
	}
	found := conversion.FindAllStringSubmatchIndex(r.text(left), -1)
	values := []*pyast.Node{right}
	if right.Kind == pyast.Tuple {
		values = right.Kids
	}
	group := func(m []int, i int) string {
		if m[2*i] < 0 {
			return ""
		}
		return r.text(left)[m[2*i]:m[2*i+1]]
	}
	wrap := make(map[*pyast.Node]int)
	format, at, value := "", 0, 0
	for _, m := range found {
		letter, flags := group(m, 3), group(m, 2)
		if letter == "%" {
			continue
		}
		if flags != "" {
			width, ok := zeroPadding(flags)
			if !ok || !strings.Contains("di", letter) || group(m, 1) != "" || value >= len(values) || right.Find(pyast.Star) != nil {
				return r.refuse(n, "the format `"+group(m, 0)+"` is Python, not Starlark", "write the final text, or remove the width"), true
			}
			wrap[values[value]] = width
			format += r.text(left)[at:m[0]] + "%s"
			at = m[1]
		}
		value++
	}
	if len(wrap) == 0 {
		return "", false
	}
	r.changed(n, "Starlark formats have no width", `write zeros by hand: "0" * (2 - len(str(n))) + str(n)`)
	format += r.text(left)[at:]
	return format + r.Text[left.End:right.Start] + r.padded(right, wrap), true
}

// padded writes the values of a %, some of them padded with zeros.
func (r *rewriter) padded(right *pyast.Node, wrap map[*pyast.Node]int) string {
	write := func(n *pyast.Node) string {
		if width := wrap[n]; width > 0 {
			return r.padCall(r.write(n), width)
		}
		return r.write(n)
	}
	if right.Kind != pyast.Tuple {
		return write(right)
	}
	var out strings.Builder
	at := right.Start
	for _, kid := range right.Kids {
		out.WriteString(r.Text[at:kid.Start] + write(kid))
		at = kid.End
	}
	return out.String() + r.Text[at:right.End]
}

// wholeNumber stands for a width of the format d, which has none.
const wholeNumber = -1

// formatField matches a field, with its format, of a string for format().
var formatField = regexp.MustCompile(`\{\{|\}\}|\{([A-Za-z_0-9]*)(![rs])?(?::([^{}]*))?\}`)

// formatCall rewrites the formats of "…".format(…) that Starlark lacks. If it
// returns false, the text stays as it is.
func (r *rewriter) formatCall(n *pyast.Node) (string, bool) {
	fn := n.Kid(0)
	if fn.Kind != pyast.Attr || fn.Name != "format" || fn.Kid(0).Kind != pyast.String {
		return "", false
	}
	text := r.text(fn.Kid(0))
	wrap := make(map[*pyast.Node]int)
	format, at, auto := "", 0, 0
	for _, m := range formatField.FindAllStringSubmatchIndex(text, -1) {
		if m[2] < 0 {
			continue // a doubled brace
		}
		name := text[m[2]:m[3]]
		arg := argument(n.Kids[1:], name, auto)
		if name == "" {
			auto++
		}
		if m[6] < 0 || m[6] == m[7] {
			continue
		}
		spec := text[m[6]:m[7]]
		width, ok := zeroPadding(spec)
		if !ok && spec != "d" && spec != "s" || arg == nil || m[4] >= 0 || wrap[arg] != 0 {
			return r.refuse(n, "the format `:"+spec+"` is Python, not Starlark", "write the final text, or remove the format"), true
		}
		if ok {
			wrap[arg] = width
		} else if spec == "d" {
			wrap[arg] = wholeNumber
		}
		format += text[at:m[6]-1] + "}"
		at = m[1]
	}
	if format == "" {
		return "", false
	}
	r.changed(n, "Starlark formats have no width", `write zeros by hand: "0" * (2 - len(str(n))) + str(n)`)
	var out strings.Builder
	out.WriteString(format + text[at:])
	at = fn.Kid(0).End
	for _, kid := range n.Kids[1:] {
		value := kid
		if kid.Kind == pyast.Keyword {
			value = kid.Kid(0)
		}
		out.WriteString(r.Text[at:value.Start])
		if width := wrap[kid]; width == wholeNumber {
			out.WriteString(`"%d" % (` + r.write(value) + ")")
		} else if width > 0 {
			out.WriteString(r.padCall(r.write(value), width))
		} else {
			out.WriteString(r.write(value))
		}
		at = value.End
	}
	return out.String() + r.Text[at:n.End], true
}

// argument returns the argument that a field names, or nil.
func argument(args []*pyast.Node, name string, auto int) *pyast.Node {
	place := auto
	if name != "" {
		place = -1
		if name[0] >= '0' && name[0] <= '9' && len(name) == 1 {
			place = int(name[0] - '0')
		}
	}
	for i, a := range args {
		switch {
		case a.Kind == pyast.Star || a.Kind == pyast.DoubleStar:
			return nil
		case a.Kind == pyast.Keyword && a.Name == name, a.Kind != pyast.Keyword && i == place:
			return a
		}
	}
	return nil
}
