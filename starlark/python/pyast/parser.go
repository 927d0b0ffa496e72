package pyast

import (
	"fmt"
	"strings"
)

// maxDepth limits how deeply constructs can nest.
const maxDepth = 200

// A parser reads tokens. At the first error, it panics with an *Error, which
// Parse returns.
type parser struct {
	src    string
	tokens []token
	pos    int
	depth  int
}

// Parse parses a Python file. Its error is an *Error.
func Parse(src string) (file *Node, err error) {
	tokens, scanErr := scan(src)
	p := &parser{src: src, tokens: tokens}
	if scanErr != nil {
		// The text before the bad token may also have an error, so the parser
		// continues up to that token.
		p.tokens = append(p.tokens, token{kind: tokEOF, start: len(src), end: len(src)})
	}
	defer func() {
		r := recover()
		fault, ok := r.(*Error)
		switch {
		case r != nil && !ok:
			panic(r)
		case scanErr != nil:
			file, err = nil, scanErr
		case ok:
			file, err = nil, fault
		}
	}()
	file = &Node{Kind: File, End: len(src)}
	for !p.at(tokEOF) {
		file.Kids = append(file.Kids, p.statement()...)
	}
	return file, nil
}

func (p *parser) tok() token { return p.tokens[p.pos] }

func (p *parser) at(k kind) bool { return p.tok().kind == k }

// is reports whether the next token is the given operator or word.
func (p *parser) is(text string) bool {
	t := p.tok()
	return (t.kind == tokOp || t.kind == tokName) && t.text == text
}

func (p *parser) isAny(texts ...string) bool {
	for _, text := range texts {
		if p.is(text) {
			return true
		}
	}
	return false
}

// peek reports whether the token after the next is the given operator or word.
func (p *parser) peek(text string) bool {
	if p.pos+1 >= len(p.tokens) {
		return false
	}
	t := p.tokens[p.pos+1]
	return (t.kind == tokOp || t.kind == tokName) && t.text == text
}

func (p *parser) next() token {
	t := p.tok()
	if t.kind != tokEOF {
		p.pos++
	}
	return t
}

// accept takes the next token if it is the given operator or word.
func (p *parser) accept(text string) bool {
	if p.is(text) {
		p.pos++
		return true
	}
	return false
}

func (p *parser) want(text string) token {
	if !p.is(text) {
		p.fail("`%s` is expected here", text)
	}
	return p.next()
}

func (p *parser) name() token {
	if t := p.tok(); t.kind != tokName || keywords[t.text] {
		p.fail("a name is expected here")
	}
	return p.next()
}

func (p *parser) fail(format string, args ...any) {
	panic(&Error{p.tok().start, fmt.Sprintf(format, args...)})
}

// lastEnd returns the end of the token before the next.
func (p *parser) lastEnd() int {
	if p.pos == 0 {
		return 0
	}
	return p.tokens[p.pos-1].end
}

// node returns a node that ends with the token before the next.
func (p *parser) node(k Kind, start int, kids ...*Node) *Node {
	return &Node{Kind: k, Start: start, End: p.lastEnd(), Kids: kids}
}

func (p *parser) enter() {
	if p.depth++; p.depth > maxDepth {
		p.fail("this is nested too deeply")
	}
}

func (p *parser) leave() { p.depth-- }

// keywords are Python's hard keywords, which cannot be names.
var keywords = words("and as assert async await break class continue def del elif else except finally for from global if import in is lambda nonlocal not or pass raise return try while with yield")

func words(list string) map[string]bool {
	out := make(map[string]bool)
	for _, w := range strings.Fields(list) {
		out[w] = true
	}
	return out
}
