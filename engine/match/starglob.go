package match

import (
	"strings"

	"github.com/gobwas/glob/syntax"
)

// A starTest is a glob of literals with stars between them, such as
// /api/*/items/*. If there is a separator, no star matches it.
type starTest struct {
	literals  []string // at least one; they may be empty
	separator string   // one byte, or empty if a star matches everything
}

// newStarTest compiles a glob. It returns nil if the glob contains anything
// else.
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

// match checks both ends first, which is cheap, and then takes each literal in
// between at its first possible position: no other leaves more room for the
// following ones.
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

// find returns the first position of a literal that the star before it can
// reach, or -1. A literal that contains a separator has only one possible
// position: at the next separator.
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
