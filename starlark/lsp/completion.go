package lsp

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"go.lsp.dev/jsonrpc2"
	"go.lsp.dev/protocol"

	"github.com/ldcorn/ldcorn/starlark/builtin"
	"github.com/ldcorn/ldcorn/starlark/diag"
	"github.com/ldcorn/ldcorn/starlark/reference"
)

// completion answers what can be written at a position.
func (s *server) completion(_ jsonrpc2.ID, p *protocol.CompletionParams) (any, error) {
	d := s.documents[string(p.TextDocument.URI)]
	if d == nil {
		return nil, nil
	}
	c := newCompleter(s, d, d.offset(p.Position))
	c.complete()
	list := &protocol.CompletionList{Items: []protocol.CompletionItem{}, IsIncomplete: len(c.items) > maxItems}
	list.Items = append(list.Items, c.items[:min(len(c.items), maxItems)]...)
	return list, nil
}

// A completer finds what can be written at an offset.
type completer struct {
	*server
	doc      *document
	syntax   *syntax
	language *language
	offset   int
	start    int // where the word begins that the editor replaces
	token    int // the one at the offset, which may not be complete, or the next one
	inString bool
	brackets []bracket
	items    []protocol.CompletionItem
	known    map[string]bool // labels of items
}

func newCompleter(s *server, d *document, offset int) *completer {
	c := &completer{server: s, doc: d, syntax: d.syntax(), language: theLanguage(), offset: offset, start: offset, known: make(map[string]bool)}
	c.token = len(c.syntax.tokens)
	for i := range c.syntax.tokens {
		if t := &c.syntax.tokens[i]; t.End() >= offset {
			c.token = i
			break
		}
	}
	if c.token < len(c.syntax.tokens) {
		switch t := &c.syntax.tokens[c.token]; {
		case t.Kind == diag.String && t.At < offset && (offset < t.End() || !closed(t)):
			c.inString, c.start = true, t.At+len(t.Prefix)+1
		case (t.Kind == diag.Name || t.Kind == diag.Number) && t.At < offset:
			c.start = t.At
		case t.At < offset && t.Kind != diag.Comment:
			c.token++ // the offset is behind it
		}
	}
	c.brackets = c.syntax.brackets(min(c.token, len(c.syntax.tokens)))
	return c
}

// closed reports whether a string has its closing quote.
func closed(t *diag.Token) bool {
	text := t.Text[len(t.Prefix):]
	return len(text) > 1 && text[len(text)-1] == text[0]
}

func (c *completer) complete() {
	if c.token < len(c.syntax.tokens) {
		if t := &c.syntax.tokens[c.token]; t.Kind == diag.Comment && t.At < c.offset || t.Kind == diag.Number && t.At < c.offset {
			return
		}
	}
	switch {
	case len(c.doc.text) > maxParsed:
	case c.inString:
		c.strings()
	case c.syntax.text(c.token-1) == ".":
		c.attributes()
	default:
		c.arguments()
		c.values()
		c.names()
	}
}

// add adds an item. Insert is the text to write if that is not the label.
func (c *completer) add(rank int, label, insert string, kind protocol.CompletionItemKind, detail, note string) {
	if c.known[label] {
		return
	}
	c.known[label] = true
	item := protocol.CompletionItem{
		Label: label, Kind: kind, SortText: protocol.NewOptional(fmt.Sprintf("%d%s", rank, label)),
		TextEdit: &protocol.TextEdit{Range: c.doc.span(c.start, c.offset), NewText: insert},
	}
	if insert == "" {
		item.TextEdit = &protocol.TextEdit{Range: c.doc.span(c.start, c.offset), NewText: label}
	}
	if detail != "" {
		item.Detail = protocol.NewOptional(detail)
	}
	if note != "" {
		item.Documentation = &protocol.MarkupContent{Kind: protocol.MarkupKindMarkdown, Value: note}
	}
	c.items = append(c.items, item)
}

// innermost returns the innermost call and its word, or nil. Lists and dicts within the
// call count as the argument that they are in, unless direct is wanted.
func (c *completer) innermost(direct bool) (*bracket, *builtin.Word) {
	for i := len(c.brackets) - 1; i >= 0; i-- {
		b := &c.brackets[i]
		if w := c.language.word(c.syntax, b.callee, b.open); w != nil {
			return b, w
		}
		if direct || b.callee != "" {
			break
		}
	}
	return nil, nil
}

// arguments adds the names of arguments that are not given yet.
func (c *completer) arguments() {
	b, w := c.innermost(true)
	if w == nil || b.keyword != "" {
		return
	}
	if before := c.syntax.text(c.token - 1); before != "(" && before != "," {
		return
	}
	given := append(slices.Clone(b.given), c.syntax.later(c.token)...)
	for i := range w.Arguments {
		a := &w.Arguments[i]
		if a.Variadic || slices.Contains(given, a.Name) {
			continue
		}
		rank := 1
		if a.Required {
			rank = 0
		}
		c.add(rank, a.Name+"=", "", protocol.CompletionItemKindProperty, a.Type, argumentNote(w, a))
	}
}

// values adds the values that the current argument takes.
func (c *completer) values() {
	b, w := c.innermost(false)
	if w == nil {
		return
	}
	a := argument(w, b)
	if a == nil {
		return
	}
	for _, choice := range a.Choices {
		c.add(0, strconv.Quote(choice), "", protocol.CompletionItemKindEnumMember, a.Name, "")
	}
	if takes(a, "bool") && a.Name == b.keyword {
		c.add(0, "True", "", protocol.CompletionItemKindValue, "", "")
		c.add(0, "False", "", protocol.CompletionItemKindValue, "", "")
	}
	if isGroupName(w, a) {
		for _, g := range c.groups() {
			c.add(0, strconv.Quote(g.Name), "", protocol.CompletionItemKindReference, "group", g.Note)
		}
	}
	for _, other := range c.language.returning(a) {
		c.word(0, other)
	}
}

// isGroupName reports whether an argument names a group.
func isGroupName(w *builtin.Word, a *builtin.Argument) bool {
	return w.Name == "to" && a.Name == "group" || w.Name == "route" && a.Name == "to"
}

// names adds the names that are defined.
func (c *completer) names() {
	if before := c.syntax.text(c.token - 1); before == "def" || before == "for" {
		return // a new name
	}
	if f := c.function(); f != nil {
		for _, at := range slices.Concat(f.parameters, f.locals) {
			c.add(1, c.syntax.tokens[at].Text, "", protocol.CompletionItemKindVariable, "", "")
		}
	}
	for name, at := range c.syntax.globals {
		if at == c.token {
			continue // what is being written
		}
		kind := protocol.CompletionItemKindVariable
		if c.syntax.text(at-1) == "def" {
			kind = protocol.CompletionItemKindFunction
		}
		c.add(2, name, "", kind, "", "")
	}
	for _, l := range c.syntax.loads {
		for _, n := range l.names {
			c.add(2, n.as, "", protocol.CompletionItemKindVariable, "from "+unquote(&c.syntax.tokens[l.file]), "")
		}
	}
	for _, w := range c.language.words {
		if !strings.Contains(w.Name, ".") {
			c.word(3, w)
		}
	}
	for _, name := range c.language.others {
		c.add(4, name, "", protocol.CompletionItemKindFunction, "Starlark", "")
	}
	for _, name := range keywords {
		c.add(5, name, "", protocol.CompletionItemKindKeyword, "", "")
	}
}

// function returns the function that the offset is in, or nil. On a new line, the
// indentation decides.
func (c *completer) function() *function {
	line := c.doc.text[strings.LastIndexAny(c.doc.text[:c.offset], "\r\n")+1 : c.offset]
	indent := len(line) - len(strings.TrimLeft(line, " \t"))
	f := c.syntax.within(c.token - 1)
	if f == nil || indent < c.syntax.tokens[f.name-1].Col {
		return nil
	}
	return f
}

var keywords = []string{"and", "def", "elif", "else", "for", "if", "in", "lambda", "load", "not", "or", "pass", "return"}

func (c *completer) word(rank int, w *builtin.Word) {
	c.add(rank, w.Name, "", protocol.CompletionItemKindFunction, reference.Signature(short(w)), wordNote(w))
}

// attributes adds what can follow the dot.
func (c *completer) attributes() {
	base := c.syntax.text(c.token - 2)
	if t := c.language.typeOf(c.syntax, base, c.token-2); t != nil {
		for _, name := range t.Names() {
			kind := protocol.CompletionItemKindMethod
			for _, p := range t.Properties {
				if p.Name == name {
					kind = protocol.CompletionItemKindProperty
				}
			}
			c.add(0, name, "", kind, t.Name, attributeNote(t, name))
		}
		return
	}
	if c.syntax.define(base, c.token-2) >= 0 {
		return // a value of unknown type
	}
	for _, name := range c.language.members[base] {
		note := ""
		if w := c.language.words[base+"."+name]; w != nil {
			note = wordNote(w)
		}
		c.add(0, name, "", protocol.CompletionItemKindFunction, base, note)
	}
}

// strings adds the texts that a string can have.
func (c *completer) strings() {
	if len(c.brackets) > 0 {
		b := &c.brackets[len(c.brackets)-1]
		if b.callee == "load" {
			c.loading(b)
			return
		}
	}
	b, w := c.innermost(false)
	if w != nil {
		a := argument(w, b)
		if a == nil {
			return
		}
		for _, choice := range a.Choices {
			c.add(0, choice, "", protocol.CompletionItemKindEnumMember, a.Name, "")
		}
		if !isGroupName(w, a) {
			return
		}
	} else if c.syntax.text(c.token-1) != "return" && c.syntax.text(c.token-1) != "else" {
		return // a router can return the name of a group
	}
	for _, g := range c.groups() {
		c.add(0, g.Name, "", protocol.CompletionItemKindReference, "group", g.Note)
	}
}

// groups returns the groups of the configuration: those of its latest check that
// succeeded, or else those that the document names.
func (c *completer) groups() []group {
	if e := c.entryOf(c.doc); e != nil && e.answer != nil && len(e.answer.Groups) > 0 {
		return e.answer.Groups
	}
	var out []group
	for _, g := range c.syntax.groups() {
		out = append(out, group{Name: unquote(&c.syntax.tokens[g.name])})
	}
	return out
}

// loading adds files, or names of a file, in a load.
func (c *completer) loading(b *bracket) {
	if b.index > 0 {
		other := c.target(c.doc, unquote(&c.syntax.tokens[min(b.open+1, len(c.syntax.tokens)-1)]))
		if other == nil {
			return
		}
		for name := range other.syntax().globals {
			if !strings.HasPrefix(name, "_") {
				c.add(0, name, "", protocol.CompletionItemKindVariable, filepath.Base(other.path), "")
			}
		}
		return
	}
	if c.doc.path == "" {
		return
	}
	typed := c.doc.text[c.start:c.offset]
	folder := typed[:strings.LastIndexByte(typed, '/')+1]
	entries, err := os.ReadDir(c.resolve(c.doc, folder))
	if err != nil {
		return
	}
	for _, e := range entries {
		switch name := e.Name(); {
		case strings.HasPrefix(name, "."):
		case e.IsDir():
			c.add(1, folder+name+"/", "", protocol.CompletionItemKindFolder, "", "")
		case filepath.Ext(name) == ".star" && filepath.Join(filepath.Dir(c.doc.path), folder, name) != c.doc.path:
			c.add(0, folder+name, "", protocol.CompletionItemKindFile, "", "")
		}
	}
}
