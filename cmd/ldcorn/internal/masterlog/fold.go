package masterlog

import (
	"strings"
	"unicode/utf8"
)

// leastWidth is the width of a text, however narrow its reader is.
const leastWidth = 40

// fold breaks a line that is wider than its reader, whose width is 0 for no limit, at
// spaces. Its rest goes on in a column, counted from 0. Sequences that set colors take
// no room.
func fold(line string, column, width int) string {
	if width == 0 {
		return line
	}
	width = max(width, leastWidth)
	var b strings.Builder
	used, blank := 0, true // columns; nothing but spaces so far
	for rest := line; rest != ""; {
		word, after := rest, ""
		if i := strings.IndexByte(strings.TrimLeft(rest, " "), ' '); i >= 0 {
			i += len(rest) - len(strings.TrimLeft(rest, " "))
			word, after = rest[:i], rest[i:]
		}
		n := columns(word)
		if used+n > width && !blank {
			b.WriteString("\n" + strings.Repeat(" ", column))
			word = strings.TrimLeft(word, " ")
			used, n, blank = column, columns(word), true
		}
		b.WriteString(word)
		used, blank = used+n, blank && strings.TrimLeft(word, " ") == ""
		rest = after
	}
	return b.String()
}

// columns returns how many columns a text takes.
func columns(text string) int {
	n := utf8.RuneCountInString(text)
	for {
		_, sequence, found := strings.Cut(text, "\x1b[")
		if !found {
			return n
		}
		inner, after, _ := strings.Cut(sequence, "m")
		n -= len("\x1b[") + len(inner) + len("m")
		text = after
	}
}
