package diag

// A Kind says what a Token is.
type Kind uint8

// These are the kinds of tokens.
const (
	Name    = Kind(tokenName)
	Number  = Kind(tokenNumber)
	String  = Kind(tokenString)
	Op      = Kind(tokenOp)
	Comment = Kind(tokenComment)
	Newline = Kind(tokenNewline) // the end of a logical line
)

// A Token is one word of a file.
type Token struct {
	Kind   Kind
	Text   string
	Prefix string // of a string: "r", as written
	At     int    // byte offset in the text
	Col    int    // from 1, in characters
	Depth  int    // number of brackets around it
	First  bool   // it begins a logical line
}

// End returns the byte offset after the token.
func (t *Token) End() int { return t.At + len(t.Text) }

// Is reports whether the token is a word or an operator with this text.
func (t *Token) Is(text string) bool { return t.Kind != String && t.Text == text }

// Tokens splits a text into tokens. The text need not be correct: a string that is
// not closed ends with its line.
func Tokens(text string) []Token {
	tokens := lex(text)
	out := make([]Token, len(tokens))
	for i, t := range tokens {
		out[i] = Token{Kind(t.kind), t.text, t.prefix, t.at, t.col, t.depth, t.first}
	}
	return out
}
