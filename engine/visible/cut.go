package visible

import (
	"strings"
	"unicode/utf8"
)

// Cut shortens a string of more than most bytes to its beginning and an
// ellipsis. It cuts between characters.
func Cut(s string, most int) string {
	if len(s) <= most {
		return s
	}
	end := most
	for end > max(0, most-utf8.UTFMax) && !utf8.RuneStart(s[end]) { // unless it is not UTF-8
		end--
	}
	return s[:end] + "…"
}

// FirstLine returns the first line of an error, without its final words that
// announce the lines below it, which are a worker's output.
func FirstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return strings.TrimSuffix(line, "; it wrote:")
}
