package match

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// A Pattern is a route string. It matches the path that the app sees: decoded
// once and without the query.
type Pattern struct {
	paths
	Text    string // as written
	Kind    PatternKind
	Literal string // what a matching path must start with
}

// A PatternKind says how a Pattern matches.
type PatternKind uint8

// The kinds of pattern.
const (
	PatternStart PatternKind = iota // the path starts with the text, which can end within a segment
	PatternGlob                     // the text has *, ?, [ or {
	PatternAny                      // "*", the default
)

// A pattern with any of globStart is a glob; its literal part ends at the first
// of globMeta.
const (
	globStart = "*?[{"
	globMeta  = globStart + "\\}"
)

// NewPattern compiles a route string. The error says what is wrong with it,
// then what to do, and does not repeat it.
func NewPattern(text string) (*Pattern, error) {
	p := &Pattern{paths: paths{base: base{strconv.Quote(text)}}, Text: text}
	switch {
	case text == "*":
		p.Kind, p.spots = PatternAny, []spot{{kind: spotStart}}
		return p, nil
	case text == "":
		return p, errors.New("an empty route matches nothing; write \"*\" to take every request")
	case strings.HasPrefix(text, "^"):
		return p, fmt.Errorf("a route string is not a regular expression and starts with \"/\"; write regex(r%q)", text)
	case !IsPatternStart(text):
		return p, fmt.Errorf("a route starts with \"/\", as every path does; did you mean %q?", "/"+text)
	case !strings.ContainsAny(text, globStart):
		p.Kind, p.Literal, p.spots = PatternStart, text, []spot{{kind: spotStart, text: text}}
		return p, nil
	}
	s, err := globSpot(text)
	p.Kind, p.Literal, p.spots = PatternGlob, s.text, []spot{s}
	return p, err
}

// Default returns the pattern "*", which takes the requests that no other route
// takes.
func Default() *Pattern {
	p, err := NewPattern("*")
	if err != nil {
		panic(err) // cannot happen, as a test checks
	}
	return p
}

// IsPatternStart reports whether a text begins as a path or a glob does.
func IsPatternStart(text string) bool {
	return text != "" && (text[0] == '/' || strings.ContainsRune(globStart, rune(text[0])))
}

// Takes reports whether the pattern takes a decoded path. Unlike Match, it does
// not spend anything.
func (p *Pattern) Takes(path string) bool { return p.spots[0].takes(path) }

// PathCost returns what it costs to match a path of a number of bytes against
// the pattern, in the units of a Spender.
func (p *Pattern) PathCost(bytes int) int {
	if test := p.spots[0].test; test != nil {
		return test.cost(bytes)
	}
	return price{}.of(bytes)
}

// WhyNot says why the pattern does not take the request, in a few words that
// follow the pattern.
func (p *Pattern) WhyNot(r Request) string {
	if p.Kind == PatternStart {
		return fmt.Sprintf("the path %q does not begin with it", r.Path())
	}
	return fmt.Sprintf("the path %q does not match the glob", r.Path())
}

// Below returns what a path must start with, if that is all that the pattern
// requires.
func (p *Pattern) Below() (lead string, ok bool) {
	if p.Kind != PatternGlob {
		return p.Literal, true
	}
	rest := strings.TrimPrefix(p.Text, p.Literal)
	return p.Literal, rest == "**" || rest == "*" && strings.HasSuffix(p.Literal, "/")
}
