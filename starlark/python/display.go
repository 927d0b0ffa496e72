package python

import (
	"fmt"
	"strings"

	"github.com/ldcorn/ldcorn/starlark/python/pyast"
)

// display writes a list, tuple or set. It joins a list with * in it from
// several lists.
func (r *rewriter) display(n *pyast.Node) string {
	if n.Find(pyast.Star) == nil {
		if n.Kind == pyast.Set {
			text := r.copy(n)
			r.changed(n, "Starlark has no braces for sets", "write set([…])")
			return "set([" + text[1:len(text)-1] + "])"
		}
		return r.copy(n)
	}
	r.changed(n.Find(pyast.Star), "`*` cannot spread a list into another", "write list_a + list_b")
	text := r.spread(n)
	switch n.Kind {
	case pyast.Tuple:
		return "tuple(" + text + ")"
	case pyast.Set:
		return "set(" + text + ")"
	case pyast.List:
		if !strings.HasPrefix(text, "concat(") {
			return r.loose(n, text)
		}
	}
	return text
}

// spread writes the elements of a display as one list and keeps multiple lines.
func (r *rewriter) spread(n *pyast.Node) string {
	if r.multiline(n) && n.Op != "" || r.multiline(n) && n.Kind != pyast.Tuple {
		return r.entries(n, r.helper("concat"), func(kid *pyast.Node) string {
			if kid.Kind == pyast.Star {
				return r.write(kid.Kid(0))
			}
			return "[" + r.write(kid) + "]"
		})
	}
	return r.sum(n.Kids)
}

// entries writes a display as a function call, with each entry in its place.
func (r *rewriter) entries(n *pyast.Node, function string, entry func(*pyast.Node) string) string {
	var out strings.Builder
	out.WriteString(function + "(")
	at := n.Start + 1
	for _, kid := range n.Kids {
		out.WriteString(r.Text[at:kid.Start] + entry(kid))
		at = kid.End
	}
	out.WriteString(r.Text[at:n.End-1] + ")")
	return out.String()
}

// sum writes elements as a sum of lists.
func (r *rewriter) sum(kids []*pyast.Node) string {
	var parts, plain []string
	flush := func() {
		if len(plain) > 0 {
			parts = append(parts, "["+strings.Join(plain, ", ")+"]")
			plain = nil
		}
	}
	for _, kid := range kids {
		if kid.Kind != pyast.Star {
			plain = append(plain, r.write(kid))
			continue
		}
		flush()
		x := kid.Kid(0)
		if x.Kind == pyast.List || x.Kind == pyast.ListComp || x.Kind == pyast.Call && x.Kid(0).IsName("list", "sorted") {
			parts = append(parts, r.write(x))
		} else {
			parts = append(parts, "list("+r.write(x)+")")
		}
	}
	flush()
	return strings.Join(parts, " + ")
}

// dict writes a dict. It joins one with ** in it from several dicts.
func (r *rewriter) dict(n *pyast.Node) string {
	spread := n.Find(pyast.DoubleStar)
	if spread == nil {
		return r.copy(n)
	}
	r.changed(spread, "`**` cannot spread a dict into another", "write dict_a | dict_b")
	if r.multiline(n) {
		return r.entries(n, r.helper("merge"), func(kid *pyast.Node) string {
			if kid.Kind == pyast.DoubleStar {
				return r.write(kid.Kid(0))
			}
			return "{" + r.write(kid) + "}"
		})
	}
	return r.loose(n, r.union(n.Kids))
}

// union writes the entries of a dict, or keyword arguments, as a union of
// dicts.
func (r *rewriter) union(kids []*pyast.Node) string {
	var parts, plain []string
	flush := func() {
		if len(plain) > 0 {
			parts = append(parts, "{"+strings.Join(plain, ", ")+"}")
			plain = nil
		}
	}
	for _, kid := range kids {
		switch kid.Kind {
		case pyast.DoubleStar:
			flush()
			parts = append(parts, r.operand(kid.Kid(0)))
		case pyast.Keyword:
			plain = append(plain, fmt.Sprintf("%q: %s", kid.Name, r.write(kid.Kid(0))))
		default:
			plain = append(plain, r.write(kid))
		}
	}
	flush()
	if len(parts) == 1 {
		return "dict(" + parts[0] + ")"
	}
	return strings.Join(parts, " | ")
}

// comprehension writes a comprehension. A generator expression becomes a list
// comprehension.
func (r *rewriter) comprehension(n *pyast.Node) string {
	if other := n.Find(pyast.Other); other != nil {
		return r.refuse(other, "`async` is Python, not Starlark", "a configuration is evaluated once, in order")
	}
	text := r.copy(n)
	switch {
	case n.Kind == pyast.SetComp:
		r.changed(n, "Starlark has no braces for sets", "write set([…])")
		return "set([" + text[1:len(text)-1] + "])"
	case n.Kind == pyast.GenExp:
		r.changed(n, "a comprehension needs its [ ] in Starlark", "put [ ] around it")
		if n.Op == "(" {
			text = text[1 : len(text)-1]
		}
		return "[" + text + "]"
	}
	return text
}
