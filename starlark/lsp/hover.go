package lsp

import (
	"fmt"
	"strings"

	"go.lsp.dev/jsonrpc2"
	"go.lsp.dev/protocol"

	"github.com/ldcorn/ldcorn/starlark/diag"
)

// hover answers what the word at a position means.
func (s *server) hover(_ jsonrpc2.ID, p *protocol.HoverParams) (any, error) {
	d := s.documents[string(p.TextDocument.URI)]
	if d == nil {
		return nil, nil
	}
	x := d.syntax()
	i := x.token(d.offset(p.Position))
	if i < 0 {
		return nil, nil
	}
	note := ""
	switch {
	case x.is(i, diag.Name):
		note = join(s.nameNote(d, x, i), s.routeNote(d, x, i))
	case x.is(i, diag.String):
		note = join(s.routeNote(d, x, i), s.stringNote(d, x, i))
	}
	if note == "" {
		return nil, nil
	}
	t := &x.tokens[i]
	at := d.span(t.At, t.End())
	return &protocol.Hover{Contents: &protocol.MarkupContent{Kind: protocol.MarkupKindMarkdown, Value: note}, Range: &at}, nil
}

func join(notes ...string) string {
	var out []string
	for _, n := range notes {
		if n != "" {
			out = append(out, n)
		}
	}
	return strings.Join(out, "\n\n---\n\n")
}

// nameNote describes the i-th token, a name: an argument, a word, or something that the
// files define.
func (s *server) nameNote(d *document, x *syntax, i int) string {
	l := theLanguage()
	name := x.tokens[i].Text
	if x.keyword(i) {
		all := x.brackets(i)
		b := &all[len(all)-1]
		if w := l.word(x, b.callee, b.open); w != nil {
			if a := argumentNamed(w, name); a != nil {
				return argumentNote(w, a)
			}
		}
		return ""
	}
	if x.text(i-1) == "." {
		base := x.text(i - 2)
		if t := l.typeOf(x, base, i-2); t != nil {
			return attributeNote(t, name)
		}
		if w := l.word(x, base+"."+name, i); w != nil {
			return wordNote(w)
		}
		return ""
	}
	if at := x.define(name, i); at >= 0 {
		return definitionNote(d, at)
	}
	if lo, n := x.binds(name); n != nil {
		file := unquote(&x.tokens[lo.file])
		if other := s.target(d, file); other != nil {
			if at, ok := other.syntax().globals[n.name]; ok {
				return definitionNote(other, at) + "\n\nfrom " + code(file)
			}
		}
		return ""
	}
	if w := l.word(x, name, i); w != nil {
		return wordNote(w)
	}
	return ""
}

const shownLine = 200 // bytes of a line in a note

// definitionNote shows the line that defines a name, and the documentation string of a
// function.
func definitionNote(d *document, token int) string {
	x := d.syntax()
	t := &x.tokens[token]
	start := strings.LastIndexByte(d.text[:t.At], '\n') + 1
	line, _, _ := strings.Cut(d.text[start:], "\n")
	line = strings.TrimSpace(line)
	if len(line) > shownLine {
		line = strings.ToValidUTF8(line[:shownLine], "") + "…"
	}
	out := "```python\n" + fence(line) + "\n```"
	for k := range x.functions {
		f := &x.functions[k]
		if f.name != token {
			continue
		}
		for j := f.body; j < min(f.end, f.body+4); j++ {
			if x.is(j, diag.String) && x.tokens[j].First {
				out += "\n\n" + strings.TrimSpace(unquote(&x.tokens[j]))
			}
		}
	}
	return out
}

// routeNote says what the route at the i-th token does, if there is one, and the latest
// check is of the text as it is.
func (s *server) routeNote(d *document, x *syntax, i int) string {
	e := s.entryOf(d)
	if e == nil || !e.current() || s.running != nil && s.running.entry == e {
		return ""
	}
	t := &x.tokens[i]
	at := d.span(t.At, t.End())
	for _, r := range e.answer.Routes {
		p := r.Place.Range.Start
		if r.Place.Path == d.path && p.Line == at.Start.Line && p.Character >= at.Start.Character && p.Character <= at.End.Character && (p != at.End || x.text(i+1) == "(") {
			return r.Note
		}
	}
	return ""
}

// stringNote describes the i-th token, a string: a group, or a file that is loaded.
func (s *server) stringNote(d *document, x *syntax, i int) string {
	text := unquote(&x.tokens[i])
	for _, l := range x.loads {
		for _, n := range l.names {
			if n.at != i {
				continue
			}
			if other := s.target(d, unquote(&x.tokens[l.file])); other != nil {
				if at, ok := other.syntax().globals[n.name]; ok {
					return definitionNote(other, at)
				}
			}
		}
		if l.file == i {
			if s.target(d, text) == nil {
				return ""
			}
			return fmt.Sprintf("the file %s", code(s.resolve(d, text)))
		}
	}
	if namesGroup(x, i) {
		if g := s.group(d, text); g != nil {
			return g.Note
		}
	}
	return ""
}

// signature answers which arguments the call at a position has.
func (s *server) signature(_ jsonrpc2.ID, p *protocol.SignatureHelpParams) (any, error) {
	d := s.documents[string(p.TextDocument.URI)]
	if d == nil {
		return nil, nil
	}
	c := newCompleter(s, d, d.offset(p.Position))
	b, w := c.innermost(true)
	if w == nil {
		return nil, nil
	}
	info := protocol.SignatureInformation{Documentation: protocol.String(w.Doc)}
	var label strings.Builder
	label.WriteString(w.Name + "(")
	active := -1
	current := argument(w, b)
	for i := range w.Arguments {
		a := &w.Arguments[i]
		text := a.Name + ": " + a.Type
		if a.Variadic {
			text = "*" + text
		}
		if i > 0 {
			label.WriteString(", ")
		}
		label.WriteString(text)
		info.Parameters = append(info.Parameters, protocol.ParameterInformation{Label: protocol.String(text), Documentation: protocol.String(a.Doc)})
		if current == a {
			active = i
		}
	}
	info.Label = label.String() + ")"
	out := &protocol.SignatureHelp{Signatures: []protocol.SignatureInformation{info}}
	if active >= 0 {
		out.ActiveParameter = protocol.NewNullable(uint32(active))
	}
	return out, nil
}
