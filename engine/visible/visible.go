package visible

import (
	"strings"
	"unicode/utf8"
)

// Colors says what happens to sequences that set colors.
type Colors uint8

// The possible values.
const (
	Show Colors = iota // show them, like any other control
	Drop               // remove them
	Keep               // let them pass
)

// KeepIf returns Keep for a reader that shows colors, otherwise Drop.
func KeepIf(colored bool) Colors {
	if colored {
		return Keep
	}
	return Drop
}

const hexDigits = "0123456789abcdef"

// String returns a string that is safe within a line: line ends and tabs are
// shown, too.
func String(s string) string {
	if isPlain(s, false) {
		return s
	}
	return string(escape(nil, s, Show, false))
}

// Text returns a text that is safe to print. Line ends and tabs pass.
func Text(s string) string {
	if isPlain(s, true) {
		return s
	}
	return string(escape(nil, s, Show, true))
}

// AppendLine appends a line without its end. Tabs pass. If the line sets colors
// that are kept, AppendLine resets them at the end.
func AppendLine(b, line []byte, colors Colors) []byte {
	begin := len(b)
	for len(line) > 0 {
		n := plainPrefix(line)
		b = append(b, line[:n]...)
		if line = line[n:]; len(line) == 0 {
			break
		}
		b, n = appendOne(b, line, colors)
		if line[0] == '\n' {
			b = append(b[:len(b)-1], `\x0a`...)
		}
		line = line[n:]
	}
	if colors == Keep && strings.Contains(string(b[begin:]), "\x1b[") {
		b = append(b, reset...)
	}
	return b
}

// reset ends all colors, and everything else that the same sequences set.
const reset = "\x1b[0m"

// Reset ends the colors that a line of a text sets at the end of the line, so that they
// hide nothing that follows.
func Reset(text string) string {
	if !strings.Contains(text, "\x1b[") {
		return text
	}
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if strings.Contains(line, "\x1b[") {
			lines[i] += reset
		}
	}
	return strings.Join(lines, "\n")
}

// isPlain reports whether a string is printable ASCII.
func isPlain(s string, text bool) bool {
	for i := range len(s) {
		if c := s[i]; (c < ' ' && !(text && (c == '\n' || c == '\t'))) || c > '~' {
			return false
		}
	}
	return true
}

// plainPrefix returns the length of the prefix of b that consists of printable
// ASCII, tabs and line ends.
func plainPrefix(b []byte) int {
	for i, c := range b {
		if c < ' ' && c != '\t' || c > '~' {
			return i
		}
	}
	return len(b)
}

func escape(b []byte, s string, colors Colors, text bool) []byte {
	for src := []byte(s); len(src) > 0; {
		c := src[0]
		if !text && (c == '\n' || c == '\t') {
			b = appendByte(b, c)
			src = src[1:]
			continue
		}
		var n int
		b, n = appendOne(b, src, colors)
		src = src[n:]
	}
	return b
}

// appendOne appends the first character of src, or the sequence that sets
// colors there, and returns its length in src.
func appendOne(b, src []byte, colors Colors) ([]byte, int) {
	c := src[0]
	switch {
	case c == '\n', c == '\t', c >= ' ' && c <= '~':
		return append(b, c), 1
	case c == 0x1b && colors != Show:
		if n := colorSequence(src); n > 0 {
			if colors == Keep {
				b = append(b, src[:n]...)
			}
			return b, n
		}
	}
	if c < ' ' {
		return appendByte(b, c), 1
	}
	r, n := utf8.DecodeRune(src)
	switch {
	case r == utf8.RuneError && n == 1:
		return appendByte(b, c), 1
	case IsControl(r):
		return appendRune(b, r), n
	}
	return append(b, src[:n]...), n
}

// IsControl reports whether a character is a command to the device that shows
// it, rather than a character to show. Line ends and tabs are.
func IsControl(r rune) bool {
	switch {
	case r < ' ', r >= 0x7f && r <= 0x9f: // C0, DEL, C1
		return true
	case r == 0x2028, r == 0x2029: // separators of lines and paragraphs
		return true
	case r == 0x061c, r == 0x200e, r == 0x200f, r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069: // directions
		return true
	case r >= 0xe0000 && r <= 0xe007f: // tags, which are invisible
		return true
	}
	return false
}

// Rune returns the visible form of a character that must not be sent.
func Rune(r rune) string {
	if r < ' ' {
		return string(appendByte(nil, byte(r)))
	}
	return string(appendRune(nil, r))
}

func appendByte(b []byte, c byte) []byte {
	return append(b, '\\', 'x', hexDigits[c>>4], hexDigits[c&15])
}

func appendRune(b []byte, r rune) []byte {
	if r > 0xffff { // in the syntax of JSON
		r -= 0x10000
		return appendRune(appendRune(b, 0xd800+r>>10), 0xdc00+r&0x3ff)
	}
	return append(b, '\\', 'u', hexDigits[r>>12&15], hexDigits[r>>8&15], hexDigits[r>>4&15], hexDigits[r&15])
}

// maxColor is the maximum length in bytes of a sequence that sets colors.
const maxColor = 64

// colorSequence returns the length of the sequence at the start of b if that
// sets colors and does nothing else, otherwise 0.
func colorSequence(b []byte) int {
	if len(b) < 3 || b[1] != '[' {
		return 0
	}
	for i := 2; i < len(b) && i < maxColor; i++ {
		switch c := b[i]; {
		case c == 'm':
			return i + 1
		case c != ';' && c != ':' && (c < '0' || c > '9'):
			return 0
		}
	}
	return 0
}
