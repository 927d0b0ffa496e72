package diag

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTooDeep(t *testing.T) {
	const limit = maxDepth
	times := func(s string) string { return strings.Repeat(s, limit+1) }
	for name, text := range map[string]string{
		"parentheses":   "x = " + times("(") + "1" + times(")"),
		"lists":         "x = " + times("[") + times("]"),
		"dicts":         "x = " + times("{1:") + "1" + times("}"),
		"mixed":         "x = " + times("([{1:") + "1" + times("}])"),
		"not closed":    times("["),
		"minus":         "x = " + times("-") + "1",
		"tilde":         "x = " + times("~ ") + "1",
		"not":           "x = " + times("not ") + "1",
		"lambda":        "x = " + times("lambda: ") + "1",
		"sum":           "x = 1" + times("+1"),
		"over lines":    "x = (1\n" + times("+1\n") + ")",
		"and":           "x = 1" + times(" and 1"),
		"conditions":    "x = " + times("1 if 1 else ") + "1",
		"attributes":    "x = a" + times(".b"),
		"calls":         "x = f" + times("()"),
		"indexes":       "x = f" + times("[0]"),
		"elif":          "if 1:\n  x = 1\n" + times("elif 1:\n  x = 1\n"),
		"comprehension": "x = [1 " + times("for a in b ") + "]",
	} {
		t.Run(name, func(t *testing.T) {
			s := new(Sources)
			s.Add("f", text)
			d := s.TooDeep("f")
			require.NotNil(t, d)
			assert.Equal(t, "f", d.Span.File)
			assert.Positive(t, d.Span.Line)
		})
	}
	for name, text := range map[string]string{
		"a long list":       "x = [" + times("1 + 1, ") + "]",
		"a list of calls":   "x = [" + times("f(a.b, (1)), ") + "]",
		"many statements":   times("x = 1 + 1\n"),
		"many blocks":       times("if 1:\n  x = 1\nelif 2:\n  x = 2\n"),
		"keyword arguments": "f(" + times("a = 1 + 1,\n") + ")",
		"a dict":            "x = {" + times("1: -1,\n") + "}",
		"in a string":       "x = '" + times("[") + "'",
		"in a comment":      "# " + times("["),
	} {
		t.Run(name, func(t *testing.T) {
			s := new(Sources)
			s.Add("f", text)
			assert.Nil(t, s.TooDeep("f"))
		})
	}
}
