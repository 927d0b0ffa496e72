package python

import (
	"strings"

	"github.com/ldcorn/ldcorn/starlark/python/pyast"
)

// partialMark begins the comments for constructs that Migrate could not
// rewrite.
const partialMark = "# ldcorn migrate: "

// Partial returns the text of an incomplete migration, with a comment for each
// construct that is left. The comment is above the construct's line, or at the
// top of the file if that line has changed.
func (f *File) Partial(m *Migration) string {
	lines := strings.SplitAfter(m.Text, "\n")
	var left []string
	for _, x := range m.Findings {
		if x.Migrates {
			continue
		}
		comment := partialMark + x.Message
		if x.Label != "" {
			comment += ": " + x.Label
		}
		statement := f.lineOf(x.Start)
		i := indexOfLine(lines, statement)
		if i < 0 {
			left = append(left, comment+", at "+f.span(x.Start).String()+"\n")
			continue
		}
		indent := statement[:len(statement)-len(strings.TrimLeft(statement, " \t"))]
		lines = append(lines[:i], append([]string{indent + comment + "\n"}, lines[i:]...)...)
	}
	return strings.Join(append(left, lines...), "")
}

// lineOf returns the first line of the statement at an offset.
func (f *File) lineOf(offset int) string {
	start := offset
	pyast.Walk(f.tree, func(n *pyast.Node) bool {
		if n.Start > offset || n.End < offset {
			return n.Kind == pyast.File
		}
		if f.parents[n] != nil && (f.parents[n].Kind == pyast.File || f.parents[n].Kind == pyast.Block) {
			start = n.Start
		}
		return true
	})
	begin := strings.LastIndexByte(f.Text[:start], '\n') + 1
	line := f.Text[begin:]
	if i := strings.IndexByte(line, '\n'); i >= 0 {
		line = line[:i+1]
	}
	return line
}

func indexOfLine(lines []string, line string) int {
	for i, l := range lines {
		if strings.TrimRight(l, "\r\n") == strings.TrimRight(line, "\r\n") {
			return i
		}
	}
	return -1
}
