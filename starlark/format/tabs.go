package format

import (
	"bytes"
	"strings"

	"go.starlark.net/syntax"
)

// tabWidth is the width of a tab in Starlark.
const tabWidth = 8

// expandTabs replaces the tabs that indent lines, which the library does not
// accept. It leaves tabs within multi-line strings.
func expandTabs(file *syntax.File, text []byte) []byte {
	if !bytes.Contains(text, []byte("\t")) {
		return text
	}
	within := linesInStrings(file)
	var out strings.Builder
	n := 0
	for line := range strings.Lines(string(text)) {
		n++
		rest := strings.TrimLeft(line, " \t")
		if within[n] {
			rest = line
		}
		column := 0
		for _, c := range line[:len(line)-len(rest)] {
			column++
			if c == '\t' {
				column = (column + tabWidth - 1) / tabWidth * tabWidth
			}
		}
		out.WriteString(strings.Repeat(" ", column) + rest)
	}
	return []byte(out.String())
}

// linesInStrings returns the lines that begin inside a string.
func linesInStrings(file *syntax.File) map[int]bool {
	lines := make(map[int]bool)
	syntax.Walk(file, func(n syntax.Node) bool {
		if lit, ok := n.(*syntax.Literal); ok {
			for i := range strings.Count(lit.Raw, "\n") {
				lines[int(lit.TokenPos.Line)+1+i] = true
			}
		}
		return true
	})
	return lines
}
