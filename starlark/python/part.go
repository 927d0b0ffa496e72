package python

import (
	"strings"

	"github.com/ldcorn/ldcorn/starlark/diag"
	"github.com/ldcorn/ldcorn/starlark/python/pyast"
)

// A Part is a part of a file.
type Part struct {
	Line, Col      int // from 1, in characters
	LastLine, Last int // of its last character
	Text           string
	Items          []Part // of a list, if each is written
}

// An ArgumentPart is an argument of a call.
type ArgumentPart struct {
	Name  string // "" if it is given by position
	Value Part
}

// SpanAt returns the span of the byte at a line and a column, both from 1, or of
// the first character of the line if the column is 0.
func (f *File) SpanAt(line, col int) diag.Span {
	return f.span(f.offset(line, col))
}

func (f *File) offset(line, col int) int {
	if line < 1 || line > len(f.lines) {
		return 0
	}
	start, end := f.lines[line-1], len(f.Text)
	if line < len(f.lines) {
		end = f.lines[line] - 1
	}
	if col == 0 {
		text := f.Text[start:end]
		return start + len(text) - len(strings.TrimLeft(text, " \t\f"))
	}
	return min(start+col-1, end)
}

// CallAt returns the called expression and the arguments of the call at a line and
// a column, as SpanAt has them. Those by position are only of a call of LdConfig or
// WorkerGroup itself. CallAt returns false if there is no call.
func (f *File) CallAt(line, col int) (fn Part, args []ArgumentPart, ok bool) {
	if line < 1 || line > len(f.lines) {
		return fn, nil, false
	}
	at := f.offset(line, col)
	var call *pyast.Node
	pyast.Walk(f.tree, func(n *pyast.Node) bool {
		if call == nil && n.Kind == pyast.Call && (n.Start == at || col == 0 && f.span(n.Start).Line == line) {
			call = n
		}
		return call == nil
	})
	if call == nil {
		return fn, nil, false
	}
	for call.Kid(0).Kind == pyast.Call { // f(x)(y) begins where f(x) does
		call = call.Kid(0)
	}
	own := !strings.HasPrefix(f.reference(call.Kid(0)), "ldcorn.") // its positions have other meanings
	for _, a := range call.Kids[1:] {
		switch {
		case a.Kind == pyast.Keyword:
			args = append(args, ArgumentPart{a.Name, f.part(a.Kid(0))})
		case a.Kind == pyast.Star:
			own = true
		case a.Kind == pyast.DoubleStar || own:
		default:
			args = append(args, ArgumentPart{"", f.part(a)})
		}
	}
	return f.part(call.Kid(0)), args, true
}

func (f *File) part(n *pyast.Node) Part {
	start, end := f.span(n.Start), f.span(max(n.Start, n.End-1))
	p := Part{Line: start.Line, Col: start.Col, LastLine: end.Line, Last: end.Col, Text: f.text(n)}
	if n.Kind == pyast.List || n.Kind == pyast.Tuple {
		for _, kid := range n.Kids {
			if kid.Kind == pyast.Star {
				p.Items = nil
				break
			}
			p.Items = append(p.Items, f.part(kid))
		}
	}
	return p
}
