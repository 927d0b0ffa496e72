package lsp

import (
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"go.lsp.dev/jsonrpc2"
	"go.lsp.dev/protocol"
)

func TestPositions(t *testing.T) {
	d := &document{text: "a😀b\r\né\rx\n"}
	for offset, want := range map[int]protocol.Position{
		0: {}, 1: {Character: 1}, 5: {Character: 3}, 6: {Character: 4},
		8: {Line: 1}, 10: {Line: 1, Character: 1}, 11: {Line: 2}, 13: {Line: 3},
	} {
		assert.Equal(t, want, d.position(offset), "of %d", offset)
		assert.Equal(t, offset, d.offset(want), "of %v", want)
	}
	assert.Equal(t, 1, d.offset(protocol.Position{Character: 2}), "within a character")
	assert.Equal(t, 6, d.offset(protocol.Position{Character: 99}), "beyond the line")
	assert.Equal(t, 13, d.offset(protocol.Position{Line: 99}), "beyond the text")
}

func TestChange(t *testing.T) {
	d := &document{text: "x = \"😀\"\ny = 2\n"}
	d.change(&protocol.TextDocumentContentChangePartial{Text: "z", Range: protocol.Range{
		Start: protocol.Position{Character: 5}, End: protocol.Position{Character: 7},
	}})
	assert.Equal(t, "x = \"z\"\ny = 2\n", d.text)
	d.change(&protocol.TextDocumentContentChangePartial{Text: "", Range: protocol.Range{
		Start: protocol.Position{Character: 7}, End: protocol.Position{Line: 1},
	}})
	assert.Equal(t, "x = \"z\"y = 2\n", d.text)
	d.change(&protocol.TextDocumentContentChangePartial{Text: "!", Range: protocol.Range{
		Start: protocol.Position{Line: 9}, End: protocol.Position{Line: 1},
	}})
	assert.Equal(t, "x = \"z\"y = 2\n!", d.text, "a range that ends before it starts is empty")
}

func TestChanges(t *testing.T) {
	for _, tt := range [][2]string{
		{"a\nb\nc\n", "a\nx\nc\n"}, {"a\n", "a\n"}, {"a", "a\n"}, {"", "x\n"}, {"a\nb\n", "b\n"}, {"aa\naa\n", "aa\n"}, {"a=1\r\n", "a = 1\n"},
		{"é\nb", "è\nb"},
	} {
		d := &document{text: tt[0]}
		for _, edit := range changes(d, tt[1]) {
			d.change(&protocol.TextDocumentContentChangePartial{Range: edit.Range, Text: edit.NewText})
		}
		assert.Equal(t, tt[1], d.text, "%q", tt)
	}
}

// Whatever the text and the position, everything has an answer.
func FuzzAnswers(f *testing.F) {
	for _, text := range []string{
		good, "def f(a, *b, c = (1, 2)):\n    for x, y in a: pass\n    return f(", `load("a.star", "b", c = "d"); WorkerGroup(name = "x", routes = [`,
		"WorkerGroup('", "to(\"", "a.b.c(d = e(", "))]]}", "env.", "x = '''\n\n", "\"\\", "def", "load(", "😀.😀(😀=", "r'", "for for for =", "\r\r\n=",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 300 {
			t.Skip()
		}
		s := &server{entries: make(map[string]*entry), documents: make(map[string]*document)}
		d := &document{text: text, uri: "untitled:x"}
		s.documents["untitled:x"] = d
		where := protocol.TextDocumentPositionParams{TextDocument: protocol.TextDocumentIdentifier{URI: d.uri}}
		for offset := range len(text) + 1 {
			if offset < len(text) && !utf8.RuneStart(text[offset]) || !utf8.ValidString(text) {
				continue
			}
			p := d.position(offset)
			if back := d.offset(p); back > offset {
				t.Fatalf("the offset %d becomes %d", offset, back)
			}
			where.Position = p
			_, _ = s.completion(noID, &protocol.CompletionParams{TextDocumentPositionParams: where})
			_, _ = s.hover(noID, &protocol.HoverParams{TextDocumentPositionParams: where})
			_, _ = s.signature(noID, &protocol.SignatureHelpParams{TextDocumentPositionParams: where})
			_, _ = s.definition(noID, &protocol.DefinitionParams{TextDocumentPositionParams: where})
		}
		_, _ = s.symbols(noID, &protocol.DocumentSymbolParams{TextDocument: where.TextDocument})
	})
}

var noID jsonrpc2.ID
