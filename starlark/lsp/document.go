package lsp

import (
	"strings"
	"unicode/utf8"

	"go.lsp.dev/protocol"
	"go.lsp.dev/uri"
)

// A document is a file that the editor has open.
type document struct {
	uri     uri.URI // as the editor writes it
	path    string  // "" unless it is a file
	version int32
	text    string
	starts  []int   // offsets of its lines; nil if unknown
	parsed  *syntax // nil if unknown
	memory  *memory // nil if the document is not open
}

// A memory bounds what is kept of the documents besides their texts, which takes many
// times as much.
type memory struct {
	documents []*document
	size      int // of their texts
}

const maxRemembered = 2 * maxParsed

// remember forgets the tokens of other documents if there are too many.
func (m *memory) remember(d *document) {
	m.documents, m.size = append(m.documents, d), m.size+len(d.text)
	if m.size <= maxRemembered {
		return
	}
	for _, other := range m.documents {
		if other != d {
			other.parsed, other.starts = nil, nil
		}
	}
	m.documents, m.size = []*document{d}, len(d.text)
}

// set replaces the text.
func (d *document) set(text string) { d.text, d.starts, d.parsed = strings.Clone(text), nil, nil }

// change applies a change of the editor.
func (d *document) change(c protocol.TextDocumentContentChangeEvent) {
	switch c := c.(type) {
	case *protocol.TextDocumentContentChangeWholeDocument:
		d.set(c.Text)
	case *protocol.TextDocumentContentChangePartial:
		start, end := d.offset(c.Range.Start), d.offset(c.Range.End)
		d.set(d.text[:start] + c.Text + d.text[max(start, end):])
	}
}

// syntax returns the tokens of the document, or none if it is too large.
func (d *document) syntax() *syntax {
	if d.parsed == nil {
		text := d.text
		if len(text) > maxParsed {
			text = ""
		}
		d.parsed = parse(text)
		if d.memory != nil {
			d.memory.remember(d)
		}
	}
	return d.parsed
}

// lines returns the offsets of the lines. A line ends with \n, \r\n or \r.
func (d *document) lines() []int {
	if d.starts == nil {
		d.starts = []int{0}
		for i := range len(d.text) {
			if c := d.text[i]; c == '\n' || c == '\r' && !strings.HasPrefix(d.text[i+1:], "\n") {
				d.starts = append(d.starts, i+1)
			}
		}
	}
	return d.starts
}

// offset returns the byte offset of a position. A position beyond the end of its line
// or of the text means that end.
func (d *document) offset(p protocol.Position) int {
	lines := d.lines()
	if uint64(p.Line) >= uint64(len(lines)) {
		return len(d.text)
	}
	at, left := lines[p.Line], p.Character
	for at < len(d.text) {
		r, size := utf8.DecodeRuneInString(d.text[at:])
		if r == '\n' || r == '\r' || width(r) > left {
			break
		}
		left -= width(r)
		at += size
	}
	return at
}

// position returns the position of a byte offset.
func (d *document) position(offset int) protocol.Position {
	lines := d.lines()
	line, end := 0, len(lines) // the line is in [line, end)
	for line+1 < end {
		if middle := (line + end) / 2; lines[middle] <= offset {
			line = middle
		} else {
			end = middle
		}
	}
	p := protocol.Position{Line: uint32(line)}
	for _, r := range d.text[lines[line]:offset] {
		p.Character += width(r)
	}
	return p
}

// span returns the range between two byte offsets.
func (d *document) span(start, end int) protocol.Range {
	return protocol.Range{Start: d.position(start), End: d.position(end)}
}

// width returns how many UTF-16 code units a character takes.
func width(r rune) uint32 {
	if r > 0xffff {
		return 2
	}
	return 1
}
