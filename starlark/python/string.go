package python

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/ldcorn/ldcorn/starlark/python/pyast"
)

// quote writes a string literal.
func quote(s string) string { return strconv.Quote(s) }

// string writes a string literal for Starlark.
func (r *rewriter) string(n *pyast.Node) string {
	prefix := strings.ReplaceAll(strings.ToLower(n.Op), "u", "")
	if prefix == "br" {
		prefix = "rb"
	}
	if prefix != n.Op && strings.ToLower(n.Op) != "u" {
		r.changed(n, fmt.Sprintf("a string prefix in Starlark is %s", prefix), fmt.Sprintf("write %s before the quote", prefix))
	}
	q := n.Quote(r.Text)
	return prefix + q + r.escapes(n, n.Body(r.Text), prefix) + q
}

// escapes writes the content of a string with Starlark's escapes.
func (r *rewriter) escapes(n *pyast.Node, body, prefix string) string {
	if strings.Contains(prefix, "r") || !strings.Contains(body, `\`) {
		return body
	}
	var out strings.Builder
	for i := 0; i < len(body); i++ {
		if body[i] != '\\' || i+1 == len(body) {
			out.WriteByte(body[i])
			continue
		}
		size, text := escape(body[i:], strings.Contains(prefix, "b"))
		if text == "" {
			r.refuse(n, "`\\N` is Python, not Starlark", `write the character itself, or \u and its number`)
			return body
		}
		if text != body[i:i+size] {
			r.changed(n, "this string has an escape that Starlark lacks", "write "+text)
		}
		out.WriteString(text)
		i += size - 1
	}
	return out.String()
}

// escape returns the length of the escape that begins s and its form in
// Starlark, or "" if Starlark has none.
func escape(s string, bytes bool) (int, string) {
	c := s[1]
	switch {
	case strings.IndexByte("abfnrtv\\'\"\n", c) >= 0:
		return 2, s[:2]
	case c >= '0' && c <= '7':
		n := 1
		for n < 3 && 1+n < len(s) && s[1+n] >= '0' && s[1+n] <= '7' {
			n++
		}
		return 1 + n, character(s[:1+n], s[1:1+n], 8, bytes)
	case c == 'x' && len(s) >= 4:
		return 4, character(s[:4], s[2:4], 16, bytes)
	case c == 'u' || c == 'U':
		return 2, s[:2]
	case c == 'N' && strings.HasPrefix(s, `\N{`):
		return 2, ""
	}
	return 1, `\\`
}

// character writes a numeric escape.
func character(text, digits string, base int, bytes bool) string {
	v, err := strconv.ParseUint(digits, base, 16)
	if err != nil || bytes || v < 0x80 {
		return text
	}
	return fmt.Sprintf(`\u%04x`, v)
}

// concat joins adjacent strings.
func (r *rewriter) concat(n *pyast.Node) string {
	var out strings.Builder
	at := n.Start
	for i, part := range n.Kids {
		if i > 0 {
			out.WriteString(" +")
			if part.Start == at {
				out.WriteString(" ")
			}
		}
		out.WriteString(r.Text[at:part.Start] + r.write(part))
		at = part.End
		if i > 0 && !r.joinable(n, i) {
			r.changed(part, "Starlark does not join adjacent strings", "put `+` before this, or a comma")
		}
	}
	return r.loose(n, out.String())
}

// joinable reports whether a + fits between the i-th of several adjacent
// strings and its predecessor without changing the meaning.
func (f *File) joinable(n *pyast.Node, i int) bool {
	if i == 0 {
		return true
	}
	gap := f.Text[n.Kids[i-1].End:n.Kids[i].Start]
	parent := f.parents[n]
	return strings.HasSuffix(gap, " ") && (parent == nil || !closer(parent, n))
}

// fstring writes an f-string as a call of format.
func (r *rewriter) fstring(n *pyast.Node) string {
	prefix := strings.Trim(strings.ToLower(n.Op), "ft")
	if strings.ContainsAny(n.Op, "tT") {
		return r.refuse(n, "t-strings are Python, not Starlark", `write "{}".format(value)`)
	}
	q := n.Quote(r.Text)
	at := n.Start + len(n.Op) + len(q)
	var body strings.Builder
	var values []string
	good := len(r.findings)
	for _, field := range n.Kids {
		body.WriteString(r.Text[at:field.Start])
		at = field.End
		if field.Debug {
			shown := r.Text[field.Start+1 : field.Kid(0).End]
			body.WriteString(strings.NewReplacer("{", "{{", "}", "}}").Replace(shown) + "=")
		}
		form, value := r.field(field)
		body.WriteString(form)
		values = append(values, value)
	}
	body.WriteString(r.Text[at : n.End-len(q)])
	text := r.escapes(n, body.String(), prefix)
	refused := false
	for _, f := range r.findings[good:] {
		refused = refused || !f.Migrates && !f.Runs
	}
	if refused {
		return r.text(n)
	}
	if len(values) == 0 {
		text = prefix + q + strings.NewReplacer("{{", "{", "}}", "}").Replace(text) + q
	} else {
		text = prefix + q + text + q + ".format(" + strings.Join(values, ", ") + ")"
	}
	r.changed(n, "f-strings are Python, not Starlark", r.advice(text, `write "{} …".format(value)`))
	return text
}

// field returns the form of a field in the format, and its value.
func (r *rewriter) field(n *pyast.Node) (form, value string) {
	x := n.Kid(0)
	value = r.write(x)
	if x.Kind == pyast.Tuple && x.Op == "" {
		value = "(" + value + ")"
	}
	switch {
	case n.Op == "r" && n.Name == "", n.Debug && n.Op == "" && n.Name == "":
		return "{}", r.helper("python_repr") + "(" + value + ")"
	case n.Op == "a":
		r.refuse(n, "`!a` is Python, not Starlark", "write !r")
		return "{}", value
	case n.Op == "r":
		r.refuse(n, fmt.Sprintf("the format `:%s` is Python, not Starlark", n.Name), "")
		return "{}", value
	}
	return "{}", r.formatted(n, n.Name, value)
}

// formatted writes a value with a format.
func (r *rewriter) formatted(n *pyast.Node, format, value string) string {
	if width, ok := zeroPadding(format); ok {
		return fmt.Sprintf("%s(%s, %d)", r.helper("zero_pad"), value, width)
	}
	switch format {
	case "", "s":
		return value
	case "d", "x", "X", "o":
		return fmt.Sprintf(`"%%%s" %% (%s)`, format, value)
	}
	r.refuse(n, fmt.Sprintf("the format `:%s` is Python, not Starlark", format), "write the final text, or remove the format")
	return value
}

// zeroPadding reads a format that pads a number with zeros, such as 02 or 02d.
func zeroPadding(format string) (int, bool) {
	digits, ok := strings.CutPrefix(strings.TrimSuffix(format, "d"), "0")
	width, err := strconv.Atoi(digits)
	return width, ok && err == nil && width > 0 && width < 100
}
