package match

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/gobwas/glob"
	"github.com/gobwas/glob/syntax"
)

// A globTest is a compiled glob. The time it takes is at most proportional to
// the length of the value, whatever the value: values come from clients.
type globTest struct {
	simple *glob.Pattern  // for a glob that never backtracks, otherwise nil
	stars  *starTest      // for a glob of only stars and literals, otherwise nil
	re     *regexp.Regexp // for any other glob
	price  price
}

// newGlobTest compiles a glob. The error says what is wrong, then what to do.
//
// The glob package is by far the fastest, but backtracks to every position of
// every star: with two stars, time and memory grow with the square of the
// value's length, and with four stars there is no practical bound (/*a*a*b* did
// not match a path of 4 kB within two seconds). With one star and a ? or a
// class, each position costs the time of everything after the star. The regexp
// package never backtracks, and neither does a starTest, which costs far less.
func newGlobTest(text string, separators ...rune) (*globTest, error) {
	g, err := glob.Compile(text, separators...)
	if err != nil {
		return nil, globError(err)
	}
	expr, choices := globRegexp(text, separators)
	if choices == 0 || choices == 1 && !(hasStar(text) && hasSet(text)) {
		return &globTest{simple: g}, nil
	}
	if stars := newStarTest(text, separators); stars != nil {
		return &globTest{stars: stars, price: stars.price()}, nil
	}
	re, err := regexp.Compile(expr)
	if err != nil {
		return nil, fmt.Errorf("not a usable glob, %w; write a shorter one", err)
	}
	return &globTest{re: re, price: regexPrice(expr)}, nil
}

func (g *globTest) Match(s string) bool {
	switch {
	case g.simple != nil:
		return g.simple.Match(s)
	case g.stars != nil:
		return g.stars.match(s)
	}
	return g.re.MatchString(s)
}

// hasStar and hasSet report whether a glob has a star, and whether it has a
// token that matches one of several characters.
func hasStar(text string) bool { return hasToken(text, syntax.Any, syntax.Super) }
func hasSet(text string) bool  { return hasToken(text, syntax.Single, syntax.RangeOpen) }

func hasToken(text string, types ...syntax.TokenType) bool {
	for lex := syntax.NewLexer(text); ; {
		switch token := lex.Next(); {
		case slices.Contains(types, token.Type):
			return true
		case token.Type == syntax.EOF || token.Type == syntax.Error:
			return false
		}
	}
}

// globRegexp translates a valid glob to a regular expression, and counts the
// tokens that can match in more than one way: stars and braces.
func globRegexp(text string, separators []rune) (expr string, choices int) {
	one := `(?s:.)`
	if len(separators) > 0 {
		one = "[^" + runeClass(string(separators)) + "]"
	}
	var b strings.Builder
	b.WriteString(`\A`)
	for lex := syntax.NewLexer(text); ; {
		switch token := lex.Next(); token.Type {
		case syntax.EOF, syntax.Error:
			b.WriteString(`\z`)
			return b.String(), choices
		case syntax.Text:
			b.WriteString(regexp.QuoteMeta(token.Data))
		case syntax.Single:
			b.WriteString(one)
		case syntax.Any:
			b.WriteString(one + "*")
			choices++
		case syntax.Super:
			b.WriteString(`(?s:.*)`)
			choices++
		case syntax.TermsOpen:
			b.WriteString("(?:")
			choices++
		case syntax.TermSeparator:
			b.WriteByte('|')
		case syntax.TermsClose:
			b.WriteByte(')')
		case syntax.RangeOpen:
			b.WriteString(globClass(lex))
		}
	}
}

// globClass translates a class whose opening bracket has been read.
func globClass(lex *syntax.Lexer) string {
	var b strings.Builder
	b.WriteByte('[')
	for {
		switch token := lex.Next(); token.Type {
		case syntax.Not:
			b.WriteByte('^')
		case syntax.RangeBetween:
			b.WriteByte('-')
		case syntax.RangeClose, syntax.EOF, syntax.Error:
			b.WriteByte(']')
			return b.String()
		default:
			b.WriteString(runeClass(token.Data))
		}
	}
}

// runeClass returns characters as they are written in a class.
func runeClass(s string) string {
	var b strings.Builder
	for _, r := range s {
		fmt.Fprintf(&b, `\x{%x}`, r)
	}
	return b.String()
}

// globError rewords an error of the glob package.
func globError(err error) error {
	const advice = "close each [ and {, or write \\\\ before a literal one"
	_, reason, found := strings.Cut(strings.TrimPrefix(err.Error(), "glob: "), ": ")
	if !found {
		return fmt.Errorf("not a glob, %w; %s", err, advice)
	}
	return fmt.Errorf("not a glob, %s; %s", reason, advice)
}
