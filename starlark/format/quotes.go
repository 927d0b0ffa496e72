package format

import (
	"strings"

	"github.com/bazelbuild/buildtools/build"
)

// doubleQuotes puts strings with text beyond ASCII into double quotes, unless they
// contain some. The library does so with all strings, but writes such text as
// escapes, which Starlark does not read.
func doubleQuotes(file *build.File) {
	build.Walk(file, func(e build.Expr, _ []build.Expr) {
		if s, ok := e.(*build.StringExpr); ok && strings.HasPrefix(s.Token, "'") && !isASCII(s.Token) && !strings.Contains(s.Value, `"`) {
			s.Token = doubleQuoted(s.Token, s.TripleQuote)
		}
	})
}

func isASCII(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r >= 0x80 }) < 0
}

// doubleQuoted returns a literal in single quotes, one or three, without double
// quotes in it, as one in double quotes.
func doubleQuoted(token string, triple bool) string {
	n := 1
	if triple {
		n = 3
	}
	quotes := strings.Repeat(`"`, n)
	var out strings.Builder
	out.WriteString(quotes)
	escaped := false
	for _, r := range token[n : len(token)-n] {
		if escaped && r != '\'' {
			out.WriteByte('\\')
		}
		if escaped = r == '\\' && !escaped; !escaped {
			out.WriteRune(r)
		}
	}
	out.WriteString(quotes)
	return out.String()
}
