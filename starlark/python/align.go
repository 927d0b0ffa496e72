package python

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// A Places maps positions in the text of a Migration to the file that it was
// made from.
type Places struct {
	file    *File
	lines   []int // the offset of each line of the text
	text    string
	matched []match // sorted
}

// A match is a word or character that both texts have.
type match struct{ old, new, size int } // offsets and size in bytes

// Places returns the places of a migration's text.
func (f *File) Places(m *Migration) *Places {
	return &Places{file: f, lines: lineStarts(m.Text), text: m.Text, matched: align(f.Text, m.Text)}
}

// At returns the line and the column in the file of a position in the text. For
// a part that the file does not have, it is that of the nearest part before it.
func (p *Places) At(line, col int) (int, int) {
	if line < 1 || line > len(p.lines) {
		return line, col
	}
	offset := p.lines[line-1]
	for rest := p.text[offset:]; col > 1 && rest != ""; col-- {
		_, n := utf8.DecodeRuneInString(rest)
		offset, rest = offset+n, rest[n:]
	}
	i, exact := slices.BinarySearchFunc(p.matched, offset, func(m match, at int) int { return m.new - at })
	if !exact {
		i--
	}
	old := 0
	if i >= 0 {
		m := p.matched[i]
		old = m.old
		if offset < m.new+m.size {
			old += offset - m.new
		}
	}
	span := p.file.span(old)
	return span.Line, span.Col
}

// align finds the parts that two texts have in common. Lines that occur once in
// each are anchors; between two anchors, it compares words.
func align(old, new string) []match {
	a, b := linesOf(old), linesOf(new)
	var out []match
	i, j := 0, 0
	for _, anchor := range append(anchors(a, b), [2]int{len(a), len(b)}) {
		out = append(out, alignWords(within(a, i, anchor[0]), within(b, j, anchor[1]))...)
		i, j = anchor[0], anchor[1]
		if i < len(a) {
			out = append(out, alignWords(a[i:i+1], b[j:j+1])...)
			i, j = i+1, j+1
		}
	}
	return out
}

func within(list []piece, from, to int) []piece { return list[from:max(from, to)] }

// A piece is a part of a text.
type piece struct {
	text string
	at   int
}

func linesOf(text string) []piece {
	var out []piece
	at := 0
	for line := range strings.Lines(text) {
		out = append(out, piece{line, at})
		at += len(line)
	}
	return out
}

// anchors returns the indexes of lines that occur once in each text, in the order
// of both.
func anchors(a, b []piece) [][2]int {
	count := make(map[string][2]int)
	index := make(map[string]int)
	for i, l := range a {
		c := count[l.text]
		c[0]++
		count[l.text], index[l.text] = c, i
	}
	for _, l := range b {
		c := count[l.text]
		c[1]++
		count[l.text] = c
	}
	var pairs [][2]int
	for j, l := range b {
		if count[l.text] == [2]int{1, 1} {
			pairs = append(pairs, [2]int{index[l.text], j})
		}
	}
	return increasing(pairs)
}

// increasing returns the longest sequence of pairs whose first numbers increase.
// The second numbers do already.
func increasing(pairs [][2]int) [][2]int {
	var ends []int // ends[n] is the index of the pair with the least first number that ends a sequence of n+1
	before := make([]int, len(pairs))
	for k, p := range pairs {
		n, _ := slices.BinarySearchFunc(ends, p[0], func(e, first int) int { return pairs[e][0] - first })
		before[k] = -1
		if n > 0 {
			before[k] = ends[n-1]
		}
		ends = append(ends[:n], append([]int{k}, ends[min(n+1, len(ends)):]...)...)
	}
	out := make([][2]int, len(ends))
	if len(ends) == 0 {
		return nil
	}
	k := ends[len(ends)-1]
	for n := len(out) - 1; n >= 0; n-- {
		out[n], k = pairs[k], before[k]
	}
	return out
}

// maxCells bounds the work of one comparison of words.
const maxCells = 1 << 20

// alignWords finds the longest sequence of words that two parts have in common.
func alignWords(a, b []piece) []match {
	x, y := wordsOf(a), wordsOf(b)
	if len(x) == 0 || len(y) == 0 {
		return nil
	}
	if len(x)*len(y) > maxCells { // lines that are far from each other, or very long
		return []match{{x[0].at, y[0].at, 1}}
	}
	width := len(y) + 1
	best := make([]int32, (len(x)+1)*width) // of x[i:] and y[j:]
	for i := len(x) - 1; i >= 0; i-- {
		for j := len(y) - 1; j >= 0; j-- {
			if x[i].text == y[j].text {
				best[i*width+j] = best[(i+1)*width+j+1] + 1
			} else {
				best[i*width+j] = max(best[(i+1)*width+j], best[i*width+j+1])
			}
		}
	}
	var out []match
	for i, j := 0, 0; i < len(x) && j < len(y); {
		switch {
		case x[i].text == y[j].text:
			out = append(out, match{x[i].at, y[j].at, len(x[i].text)})
			i, j = i+1, j+1
		case best[(i+1)*width+j] >= best[i*width+j+1]:
			i++
		default:
			j++
		}
	}
	return out
}

// wordsOf splits lines into words and other characters, without blanks.
func wordsOf(lines []piece) []piece {
	var out []piece
	for _, l := range lines {
		for i := 0; i < len(l.text); {
			n := 0
			for i+n < len(l.text) && isWord(l.text[i+n]) {
				n++
			}
			if n == 0 && strings.IndexByte(" \t\r\n\f", l.text[i]) >= 0 {
				i++
				continue
			}
			n = max(n, 1)
			out = append(out, piece{l.text[i : i+n], l.at + i})
			i += n
		}
	}
	return out
}

func isWord(c byte) bool {
	return c == '_' || c >= 0x80 || '0' <= c && c <= '9' || 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z'
}
