package lsp

import (
	"path/filepath"
	"strings"

	"go.lsp.dev/jsonrpc2"
	"go.lsp.dev/protocol"

	"github.com/ldcorn/ldcorn/starlark/diag"
)

// entryOf returns the entry to which a document belongs, or nil.
func (s *server) entryOf(d *document) *entry {
	path, _ := s.owner(d)
	return s.entries[path]
}

// resolve returns the path of a file that a document loads.
func (s *server) resolve(d *document, name string) string {
	if below, fromRoot := strings.CutPrefix(name, "//"); fromRoot {
		owner, _ := s.owner(d)
		return filepath.Join(filepath.Dir(owner), below)
	}
	return filepath.Join(filepath.Dir(d.path), name)
}

// target returns the document of a file that a document loads, or nil.
func (s *server) target(d *document, name string) *document {
	if d.path == "" || !strings.HasSuffix(name, ".star") || filepath.IsAbs(name) && !strings.HasPrefix(name, "//") {
		return nil
	}
	return s.file(s.resolve(d, name))
}

// definition answers where the name at a position is defined.
func (s *server) definition(_ jsonrpc2.ID, p *protocol.DefinitionParams) (any, error) {
	d := s.documents[string(p.TextDocument.URI)]
	if d == nil {
		return nil, nil
	}
	if at := s.defined(d, d.offset(p.Position)); at != nil {
		return at, nil
	}
	return nil, nil
}

// defined returns the place where the name or the string at an offset is defined, or nil.
func (s *server) defined(d *document, offset int) *protocol.Location {
	x := d.syntax()
	i := x.token(offset)
	switch {
	case x.is(i, diag.String):
		return s.definedString(d, x, i)
	case !x.is(i, diag.Name), x.text(i-1) == ".", x.keyword(i):
		return nil
	}
	name := x.tokens[i].Text
	if at := x.define(name, i); at >= 0 {
		return located(d, at)
	}
	if l, n := x.binds(name); n != nil {
		if other := s.target(d, unquote(&x.tokens[l.file])); other != nil {
			if at, ok := other.syntax().globals[n.name]; ok {
				return located(other, at)
			}
		}
		return located(d, n.at)
	}
	return nil
}

// definedString is defined for a string: a file or a name in a load, or a group.
func (s *server) definedString(d *document, x *syntax, i int) *protocol.Location {
	text := unquote(&x.tokens[i])
	for _, l := range x.loads {
		if l.file == i {
			if other := s.target(d, text); other != nil {
				return &protocol.Location{URI: other.uri}
			}
			return nil
		}
		for _, n := range l.names {
			if n.at != i {
				continue
			}
			if other := s.target(d, unquote(&x.tokens[l.file])); other != nil {
				if at, ok := other.syntax().globals[n.name]; ok {
					return located(other, at)
				}
			}
			return nil
		}
	}
	if !namesGroup(x, i) {
		return nil
	}
	for _, g := range x.groups() {
		if unquote(&x.tokens[g.name]) == text {
			return located(d, g.name)
		}
	}
	if g := s.group(d, text); g != nil {
		return &protocol.Location{URI: s.uriOf(g.Place.Path), Range: g.Place.Range}
	}
	return nil
}

// group returns a group of the configuration of a document, or nil.
func (s *server) group(d *document, name string) *group {
	e := s.entryOf(d)
	if e == nil || e.answer == nil {
		return nil
	}
	for i := range e.answer.Groups {
		if g := &e.answer.Groups[i]; g.Name == name {
			return g
		}
	}
	return nil
}

// namesGroup reports whether the i-th token, a string, can be the name of a group.
func namesGroup(x *syntax, i int) bool {
	switch x.text(i - 1) {
	case "return", "else":
		return true
	}
	all := x.brackets(i)
	if len(all) == 0 {
		return false
	}
	b := &all[len(all)-1]
	w := theLanguage().word(x, b.callee, b.open)
	if w == nil {
		return false
	}
	a := argument(w, b)
	return a != nil && (isGroupName(w, a) || w.Name == "WorkerGroup" && a.Name == "name")
}

func located(d *document, token int) *protocol.Location {
	t := &d.syntax().tokens[token]
	return &protocol.Location{URI: d.uri, Range: d.span(t.At, t.End())}
}
