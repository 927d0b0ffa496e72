package diag

import (
	"math"
	"strings"
	"unicode"
	"unicode/utf8"
)

type tokenKind uint8

const (
	tokenName tokenKind = iota
	tokenNumber
	tokenString
	tokenOp
	tokenComment
	tokenNewline // the end of a logical line
)

// A token is one word of a file as both Python and Starlark see it. Columns
// count characters, as in Starlark's positions.
type token struct {
	kind   tokenKind
	text   string
	prefix string // of a string: "r", "f", "b" …, as written
	at     int    // byte offset in the file
	line   int
	col    int
	end    int // column after the token; for a multi-line string, on its first line
	depth  int // number of brackets around it
	first  bool
}

func (t token) is(text string) bool { return t.kind != tokenString && t.text == text }

func (t token) span(file string) Span {
	return Span{File: file, Line: t.line, Col: t.col, End: t.end}
}

// A lexer splits a file into tokens. It never fails, because it runs on files
// that the parser has refused: an unknown character is an operator, and an
// unclosed string ends with its line.
type lexer struct {
	rest      string
	size      int // of the whole file, in bytes
	line, col int
	depth     int
	first     bool // the next token begins a logical line
	tokens    []token
}

// operators holds the operators of more than one character, longest first.
var operators = []string{
	"**=", "//=", "<<=", ">>=", "...",
	"**", "//", "<<", ">>", "==", "!=", "<=", ">=", "->", ":=", "&&", "||",
	"+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "++", "--",
}

func lex(src string) []token {
	tokens, _, _ := lexUntil(src, math.MaxInt)
	return tokens
}

// lexUntil is lex with a depth limit. It stops at the first token beyond the
// limit and returns that token.
func lexUntil(src string, limit int) (tokens []token, at token, deep bool) {
	lx := &lexer{rest: src, size: len(src), line: 1, col: 1, first: true}
	d := newDepth()
	for lx.rest != "" {
		n := len(lx.tokens)
		lx.next()
		for _, t := range lx.tokens[n:] {
			if d.add(t); d.total > limit || d.elifs > limit {
				return lx.tokens, t, true
			}
		}
	}
	return lx.tokens, token{}, false
}

func (lx *lexer) next() {
	r, size := utf8.DecodeRuneInString(lx.rest)
	switch {
	case r == '\n':
		lx.newline()
	case r == '\\' && strings.HasPrefix(lx.rest[size:], "\n"):
		lx.advance(2)
	case unicode.IsSpace(r) || r == '\ufeff':
		lx.advance(size)
	case r == '#':
		end := strings.IndexByte(lx.rest, '\n')
		if end < 0 {
			end = len(lx.rest)
		}
		lx.emit(tokenComment, end)
	case r == '"' || r == '\'':
		lx.text("")
	case r >= '0' && r <= '9':
		lx.emit(tokenNumber, wordLength(lx.rest, true))
	case r == '_' || unicode.IsLetter(r):
		lx.word()
	default:
		lx.operator(size)
	}
}

func (lx *lexer) newline() {
	if lx.depth == 0 && !lx.first {
		lx.emit(tokenNewline, 1)
		lx.first = true
		return
	}
	lx.advance(1)
}

// word reads a name, or a string with a prefix.
func (lx *lexer) word() {
	n := wordLength(lx.rest, false)
	if after := lx.rest[n:]; n <= 2 && (strings.HasPrefix(after, `"`) || strings.HasPrefix(after, `'`)) {
		if prefix := lx.rest[:n]; strings.Trim(strings.ToLower(prefix), "rbfut") == "" {
			lx.text(prefix)
			return
		}
	}
	lx.emit(tokenName, n)
}

// text reads a string literal, including its prefix.
func (lx *lexer) text(prefix string) {
	body := lx.rest[len(prefix):]
	quote := body[:1]
	long := strings.HasPrefix(body, strings.Repeat(quote, 3))
	if long {
		quote = body[:3]
	}
	i := len(quote)
	for i < len(body) && !strings.HasPrefix(body[i:], quote) {
		if body[i] == '\\' && i+1 < len(body) {
			i++
		}
		if body[i] == '\n' && !long {
			break
		}
		i++
	}
	if strings.HasPrefix(body[i:], quote) {
		i += len(quote)
	}
	lx.emit(tokenString, len(prefix)+i)
	lx.tokens[len(lx.tokens)-1].prefix = prefix
}

func (lx *lexer) operator(size int) {
	for _, op := range operators {
		if strings.HasPrefix(lx.rest, op) {
			lx.emit(tokenOp, len(op))
			return
		}
	}
	c := lx.rest[:size]
	if strings.Contains(")]}", c) && lx.depth > 0 {
		lx.depth--
	}
	lx.emit(tokenOp, size)
	if strings.Contains("([{", c) {
		lx.depth++
	}
}

// emit appends the next n bytes as a token.
func (lx *lexer) emit(kind tokenKind, n int) {
	t := token{kind: kind, text: lx.rest[:n], at: lx.size - len(lx.rest), line: lx.line, col: lx.col, depth: lx.depth, first: lx.first}
	firstLine, _, _ := strings.Cut(t.text, "\n")
	t.end = t.col + utf8.RuneCountInString(firstLine)
	lx.advance(n)
	lx.tokens = append(lx.tokens, t)
	if kind != tokenComment {
		lx.first = false
	}
}

func (lx *lexer) advance(n int) {
	for _, r := range lx.rest[:n] {
		if r == '\n' {
			lx.line++
			lx.col = 1
		} else {
			lx.col++
		}
	}
	lx.rest = lx.rest[n:]
}

func wordLength(s string, number bool) int {
	for i, r := range s {
		if r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) && (!number || r != '.') {
			return i
		}
	}
	return len(s)
}
