package match

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// A Pattern is a route string. It matches the path that the app will see:
// decoded once, without the query.
type Pattern struct {
	paths
	Text    string // as written
	Kind    PatternKind
	Literal string // what a path that matches must start with
}

// PatternKind says how a Pattern matches.
type PatternKind uint8

// The kinds of pattern.
const (
	PatternStart PatternKind = iota // the path starts with the text, in whatever segment that ends
	PatternGlob                     // the text has *, ?, [ or {
	PatternAny                      // "*", the default
)

// A pattern with one of globStart is a glob; its literal part ends at the
// first of globMeta.
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
		return p, errors.New("an empty route matches nothing by itself; write \"*\" to take every request")
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

// Default returns the pattern "*", which takes what no other route takes.
func Default() *Pattern {
	p, err := NewPattern("*")
	if err != nil {
		panic(err) // a test holds that it is none
	}
	return p
}

// IsPatternStart reports whether a text begins as a path or a glob does.
func IsPatternStart(text string) bool {
	return text != "" && (text[0] == '/' || strings.ContainsRune(globStart, rune(text[0])))
}

// Takes reports whether the pattern takes a decoded path. Unlike Match, it does
// not spend of a request.
func (p *Pattern) Takes(path string) bool { return p.spots[0].takes(path) }

// PathCost is what it costs to hold a path of some bytes against the pattern, in
// the units of a Spender.
func (p *Pattern) PathCost(bytes int) int {
	if test := p.spots[0].test; test != nil {
		return test.cost(bytes)
	}
	return price{}.of(bytes)
}

// WhyNot says why the pattern does not take the request, in a few words that
// follow on it.
func (p *Pattern) WhyNot(r Request) string {
	if p.Kind == PatternStart {
		return fmt.Sprintf("the path %q does not begin so", r.Path())
	}
	return fmt.Sprintf("the path %q does not fit the glob", r.Path())
}

// Below returns what a path must start with, where that is all that the pattern
// asks for.
func (p *Pattern) Below() (lead string, ok bool) {
	if p.Kind != PatternGlob {
		return p.Literal, true
	}
	rest := strings.TrimPrefix(p.Text, p.Literal)
	return p.Literal, rest == "**" || rest == "*" && strings.HasSuffix(p.Literal, "/")
}
