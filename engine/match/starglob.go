package match

import (
	"strings"

	"github.com/gobwas/glob/syntax"
)

// A starTest is a glob of literals with stars between them, such as
// /api/*/items/*. None of its stars passes a separator, if there is one.
type starTest struct {
	literals  []string // at least one; they may be empty
	separator string   // one byte, or empty: a star passes everything
}

// newStarTest returns nil for a glob that has something else in it.
func newStarTest(text string, separators []rune) *starTest {
	t := &starTest{separator: string(separators)}
	if len(t.separator) > 1 {
		return nil
	}
	literal := ""
	for lex := syntax.NewLexer(text); ; {
		switch token := lex.Next(); token.Type {
		case syntax.EOF:
			t.literals = append(t.literals, literal)
			return t
		case syntax.Text:
			literal += token.Data
		case syntax.Super:
			if t.separator != "" {
				return nil
			}
			fallthrough
		case syntax.Any:
			t.literals = append(t.literals, literal)
			literal = ""
		default:
			return nil
		}
	}
}

// match looks at both ends first, which is cheap, and takes each literal
// between at the first place it can have: no other leaves more room to those
// that follow.
func (t *starTest) match(s string) bool {
	last := len(t.literals) - 1
	s, ok := strings.CutPrefix(s, t.literals[0])
	if !ok || last == 0 {
		return ok && s == ""
	}
	if s, ok = strings.CutSuffix(s, t.literals[last]); !ok {
		return false
	}
	for _, literal := range t.literals[1:last] {
		at := t.find(s, literal)
		if at < 0 {
			return false
		}
		s = s[at+len(literal):]
	}
	return t.separator == "" || strings.IndexByte(s, t.separator[0]) < 0
}

// find returns the first place of a literal that a star in front of it
// reaches, or -1. One with a separator has but one: that of the next
// separator.
func (t *starTest) find(s, literal string) int {
	if t.separator == "" {
		return strings.Index(s, literal)
	}
	end := strings.IndexByte(s, t.separator[0])
	if before := strings.IndexByte(literal, t.separator[0]); before >= 0 {
		if at := end - before; at >= 0 && strings.HasPrefix(s[at:], literal) {
			return at
		}
		return -1
	}
	if end >= 0 {
		s = s[:end]
	}
	return strings.Index(s, literal)
}
