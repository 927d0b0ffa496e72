package terminal

import (
	"strings"
	"unicode/utf8"
)

// DefaultWidth is the width, in columns, of text for a reader whose width is not
// known.
const DefaultWidth = 80

// Reflow fills the paragraphs of a text up to a width. Lines that begin with a
// space are kept, unless they are too long.
func Reflow(text string, width int) string {
	var b strings.Builder
	inside := false // of a paragraph
	for _, line := range strings.Split(text, "\n") {
		plain := line != "" && line[0] != ' '
		switch {
		case inside && plain:
			b.WriteByte(' ')
		case b.Len() > 0:
			b.WriteByte('\n')
		}
		b.WriteString(line)
		inside = plain
	}
	return Wrap(b.String(), width)
}

// Wrap breaks the lines of a text that are longer than a width, which is 0 for no
// limit, at spaces. The rest of a line is aligned with its second column, if it
// has one that two spaces set apart, and else with its first.
func Wrap(text string, width int) string {
	if width <= 0 {
		return text
	}
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = wrapLine(line, width, hangOf(line, width))
	}
	return strings.Join(lines, "\n")
}

// maxLabel is the longest word of a remark that its text is aligned behind.
const maxLabel = 8

// WrapRemark breaks the lines of a remark that are longer than a width, which is 0
// for no limit, at spaces. A line such as "hint: text" goes on below its text, and
// any other two columns to the right. Lines that begin with a space are kept: they
// quote something.
func WrapRemark(text string, width int) string {
	if width <= 0 {
		return text
	}
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, " ") {
			continue
		}
		hang := 2
		if label, _, ok := strings.Cut(line, ": "); ok && len(label) <= maxLabel && !strings.Contains(label, " ") {
			hang = len(label) + len(": ")
		}
		lines[i] = wrapLine(line, width, hang)
	}
	return strings.Join(lines, "\n")
}

// wrapLine breaks a line. Its rest goes on in a column, counted from 0.
func wrapLine(line string, width, column int) string {
	if utf8.RuneCountInString(line) <= width {
		return line
	}
	hang := strings.Repeat(" ", column)
	var b strings.Builder
	rest, used := line, 0
	for first := true; rest != ""; first = false {
		n := breakAt(rest, width-used, first)
		b.WriteString(strings.TrimRight(rest[:n], " "))
		if rest = strings.TrimLeft(rest[n:], " "); rest != "" {
			b.WriteString("\n" + hang)
			used = len(hang)
		}
	}
	return b.String()
}

// hangOf returns the column at which the rest of a line goes on.
func hangOf(line string, width int) int {
	indent := len(line) - len(strings.TrimLeft(line, " "))
	second := indent
	if gap := strings.Index(line[indent:], "  "); gap >= 0 {
		after := line[indent+gap:]
		second = utf8.RuneCountInString(line[:indent+gap]) + len(after) - len(strings.TrimLeft(after, " "))
	}
	if second > width/2 {
		return indent
	}
	return second
}

// breakAt returns how many bytes of a text to put on a line with room for some
// characters: up to the last space that fits behind the indentation, or up to the
// first space, if none fits.
func breakAt(text string, room int, first bool) int {
	indent := 0
	if first {
		indent = len(text) - len(strings.TrimLeft(text, " "))
	}
	if utf8.RuneCountInString(text) <= room {
		return len(text)
	}
	last, count := 0, 0
	for i, r := range text {
		if r == ' ' && i >= indent && (count <= room || last == 0) {
			last = i
		}
		if count++; count > room && last > 0 {
			break
		}
	}
	if last == 0 {
		return len(text)
	}
	return last
}

// Cut returns the beginning of a line that fits into a width, which is 0 for no
// limit, with a mark if something is missing.
func Cut(line string, width int) string {
	runes := []rune(line)
	if width <= 0 || len(runes) <= width {
		return line
	}
	return string(runes[:width-1]) + "…"
}
