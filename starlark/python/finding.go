package python

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/ldcorn/ldcorn/starlark/diag"
)

// A Finding is a part of a file that is not Starlark.
type Finding struct {
	Start, End int // in bytes
	Message    string
	Label      string
	Migrates   bool // Migrate can rewrite it
	Runs       bool // the file can be used in spite of it
}

// Span returns the span of a finding, cut at the end of its line.
func (f *File) Span(x Finding) diag.Span {
	start := f.span(x.Start)
	end := x.End
	if i := strings.IndexByte(f.Text[x.Start:x.End], '\n'); i >= 0 {
		end = x.Start + len(strings.TrimRight(f.Text[x.Start:x.Start+i], " \t\r"))
	}
	start.End = start.Col + utf8.RuneCountInString(f.Text[x.Start:end])
	return start
}

// span returns the span of one byte, in lines and characters.
func (f *File) span(offset int) diag.Span {
	line, exact := slices.BinarySearch(f.lines, offset)
	if exact {
		line++
	}
	col := utf8.RuneCountInString(f.Text[f.lines[line-1]:offset]) + 1
	return diag.Span{File: f.Name, Line: line, Col: col, End: col + 1}
}

// lineStarts returns the offset of each line of a text.
func lineStarts(text string) []int {
	starts := []int{0}
	for i := range len(text) {
		if text[i] == '\n' {
			starts = append(starts, i+1)
		}
	}
	return starts
}
