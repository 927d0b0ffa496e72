package pyast

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

type kind uint8

const (
	tokEOF kind = iota
	tokName
	tokNumber
	tokString
	tokOp
	tokNewline // the end of a logical line
	tokIndent
	tokDedent
)

// A token is one word of a file, with its byte offsets.
type token struct {
	kind       kind
	start, end int
	text       string
	depth      int // number of brackets around it
}

// An Error is a position at which a text is not Python.
type Error struct {
	Offset  int // in bytes
	Message string
}

func (e *Error) Error() string { return fmt.Sprintf("byte %d: %s", e.Offset, e.Message) }

// operators holds the operators of more than one character, longest first.
var operators = []string{
	"**=", "//=", "<<=", ">>=", "...",
	"**", "//", "<<", ">>", "==", "!=", "<=", ">=", "->", ":=",
	"+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "@=",
}

const tabStop = 8

// A scanner splits a file into tokens.
type scanner struct {
	src     string
	pos     int
	open    []byte // brackets
	indents []int  // columns of the open blocks
	tokens  []token
}

// scan returns the tokens of a file. If there is an error, it returns the
// tokens before it.
func scan(src string) ([]token, error) {
	s := &scanner{src: src, indents: []int{0}}
	for s.pos < len(s.src) {
		if s.lineStart() {
			if err := s.indentation(); err != nil {
				return s.tokens, err
			}
			if s.pos >= len(s.src) {
				break
			}
		}
		if err := s.next(); err != nil {
			return s.tokens, err
		}
	}
	if !s.lineStart() {
		s.emit(tokNewline, s.pos, s.pos)
	}
	for range s.indents[1:] {
		s.emit(tokDedent, s.pos, s.pos)
	}
	s.emit(tokEOF, s.pos, s.pos)
	return s.tokens, nil
}

// lineStart reports whether a logical line begins at the scanner's position.
func (s *scanner) lineStart() bool {
	if len(s.open) > 0 {
		return false
	}
	if len(s.tokens) == 0 {
		return true
	}
	switch s.tokens[len(s.tokens)-1].kind {
	case tokNewline, tokIndent, tokDedent:
		return s.blankBefore()
	}
	return false
}

// blankBefore reports whether only spaces precede the position on its line.
func (s *scanner) blankBefore() bool {
	start := strings.LastIndexByte(s.src[:s.pos], '\n') + 1
	return strings.TrimLeft(s.src[start:s.pos], " \t\f") == ""
}

// indentation reads the text before the first word of a logical line, including
// lines without words, and opens and closes blocks.
func (s *scanner) indentation() error {
	for {
		col := 0
		for s.pos < len(s.src) {
			switch c := s.src[s.pos]; c {
			case ' ':
				col++
			case '\t':
				col += tabStop - col%tabStop
			case '\f':
				col = 0
			default:
				goto word
			}
			s.pos++
		}
	word:
		rest := s.src[s.pos:]
		switch {
		case rest == "":
			return nil
		case rest[0] == '#' || rest[0] == '\n' || strings.HasPrefix(rest, "\r\n"):
			s.pos += lineLength(rest)
			continue
		}
		return s.indent(col)
	}
}

func lineLength(s string) int {
	if i := strings.IndexByte(s, '\n'); i >= 0 {
		return i + 1
	}
	return len(s)
}

func (s *scanner) indent(col int) error {
	if top := s.indents[len(s.indents)-1]; col > top {
		s.indents = append(s.indents, col)
		s.emit(tokIndent, s.pos, s.pos)
		return nil
	}
	for col < s.indents[len(s.indents)-1] {
		s.indents = s.indents[:len(s.indents)-1]
		s.emit(tokDedent, s.pos, s.pos)
	}
	if col != s.indents[len(s.indents)-1] {
		return &Error{s.pos, "the indentation of this line matches no block around it"}
	}
	return nil
}

func (s *scanner) emit(k kind, start, end int) {
	s.tokens = append(s.tokens, token{kind: k, start: start, end: end, text: s.src[start:end], depth: len(s.open)})
}

func (s *scanner) next() error {
	rest := s.src[s.pos:]
	r, size := utf8.DecodeRuneInString(rest)
	switch {
	case r == '\n':
		if len(s.open) == 0 {
			s.emit(tokNewline, s.pos, s.pos+1)
		}
		s.pos++
	case r == '\\' && (strings.HasPrefix(rest, "\\\n") || strings.HasPrefix(rest, "\\\r\n")):
		s.pos += lineLength(rest)
	case unicode.IsSpace(r):
		s.pos += size
	case r == '#':
		s.pos += len(strings.TrimSuffix(rest[:lineLength(rest)], "\n"))
	case r == '"' || r == '\'':
		return s.string("")
	case r >= '0' && r <= '9', r == '.' && len(rest) > 1 && rest[1] >= '0' && rest[1] <= '9':
		s.emit(tokNumber, s.pos, s.pos+numberLength(rest))
		s.pos = s.tokens[len(s.tokens)-1].end
	case r == '_' || unicode.IsLetter(r):
		return s.word()
	default:
		return s.operator(size)
	}
	return nil
}

func (s *scanner) word() error {
	rest := s.src[s.pos:]
	n := wordLength(rest)
	if after := rest[n:]; n <= 2 && after != "" && (after[0] == '"' || after[0] == '\'') && isPrefix(rest[:n]) {
		return s.string(rest[:n])
	}
	s.emit(tokName, s.pos, s.pos+n)
	s.pos += n
	return nil
}

func isPrefix(s string) bool { return strings.Trim(strings.ToLower(s), "rbfut") == "" }

func wordLength(s string) int {
	for i, r := range s {
		if r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			return i
		}
	}
	return len(s)
}

func numberLength(s string) int {
	hex := len(s) > 1 && s[0] == '0' && (s[1] == 'x' || s[1] == 'X')
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '_' || c == '.' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z':
		case (c == '+' || c == '-') && !hex && (s[i-1] == 'e' || s[i-1] == 'E'):
		default:
			return i
		}
	}
	return len(s)
}

func (s *scanner) string(prefix string) error {
	end, ok := stringEnd(s.src, s.pos+len(prefix), isFormat(prefix))
	if !ok {
		return &Error{s.pos, "this string is never closed"}
	}
	s.emit(tokString, s.pos, end)
	s.pos = end
	return nil
}

func isFormat(prefix string) bool { return strings.ContainsAny(prefix, "fFtT") }

// stringEnd returns the offset after the string whose quote is at i.
func stringEnd(src string, i int, format bool) (int, bool) {
	quote := src[i : i+1]
	long := strings.HasPrefix(src[i:], strings.Repeat(quote, 3))
	if long {
		quote = src[i : i+3]
	}
	i += len(quote)
	for i < len(src) {
		switch {
		case strings.HasPrefix(src[i:], quote):
			return i + len(quote), true
		case src[i] == '\\':
			i++
			if i < len(src) {
				i++
			}
			continue
		case src[i] == '\n' && !long:
			return i, false
		case format && strings.HasPrefix(src[i:], "{{"):
			i += 2
			continue
		case format && src[i] == '{':
			end, ok := fieldEnd(src, i)
			if !ok {
				return i, false
			}
			i = end
			continue
		}
		i++
	}
	return i, false
}

// fieldEnd returns the offset after the field of a format string whose brace
// is at i.
func fieldEnd(src string, i int) (int, bool) {
	depth := 0
	for i < len(src) {
		switch c := src[i]; c {
		case '{', '[', '(':
			depth++
		case '}', ']', ')':
			depth--
			if depth == 0 {
				return i + 1, true
			}
		case '"', '\'':
			end, ok := stringEnd(src, i, true)
			if !ok {
				return i, false
			}
			i = end
			continue
		case '\\':
			i++
		}
		i++
	}
	return i, false
}

var closes = map[byte]byte{')': '(', ']': '[', '}': '{'}

func (s *scanner) operator(size int) error {
	rest := s.src[s.pos:]
	for _, op := range operators {
		if strings.HasPrefix(rest, op) {
			s.emit(tokOp, s.pos, s.pos+len(op))
			s.pos += len(op)
			return nil
		}
	}
	c := rest[0]
	if !strings.ContainsRune("()[]{}+-*/%@<>=&|^~:,.;!", rune(c)) {
		return &Error{s.pos, "this character has no meaning here"}
	}
	if opening, ok := closes[c]; ok {
		if len(s.open) == 0 || s.open[len(s.open)-1] != opening {
			return &Error{s.pos, fmt.Sprintf("nothing is open for this `%c`", c)}
		}
		s.open = s.open[:len(s.open)-1]
	}
	s.emit(tokOp, s.pos, s.pos+size)
	if strings.IndexByte("([{", c) >= 0 {
		s.open = append(s.open, c)
	}
	s.pos += size
	return nil
}
