package match

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"strings"
)

// A TestKind says how a Test checks a value.
type TestKind string

// The kinds of test, named as the configuration's arguments.
const (
	TestAny   TestKind = "" // every value passes, even an empty one
	TestEqual TestKind = "value"
	TestGlob  TestKind = "glob"
	TestRegex TestKind = "regex"
)

// A Test is a condition on a value. The zero Test accepts every value.
type Test struct {
	Kind TestKind
	Text string // as written

	glob  *globTest
	re    *regexp.Regexp
	price price
	start string // for TestRegex: what a passing value must start with
}

// NewTest compiles a test of the value of a header, a cookie or a parameter:
// the star of a glob matches any characters, and a regular expression can match
// anywhere. The error says what is wrong, then what to do.
func NewTest(kind TestKind, text string) (Test, error) {
	return newTest(kind, text)
}

// newTest is NewTest with separators for globs.
func newTest(kind TestKind, text string, separators ...rune) (Test, error) {
	t := Test{Kind: kind, Text: text}
	var err error
	switch kind {
	case TestGlob:
		if t.glob, err = newGlobTest(text, separators...); err != nil {
			return t, err
		}
		t.price = t.glob.price
	case TestRegex:
		if t.re, err = regexp.Compile(text); err != nil {
			return t, regexError(err)
		}
		t.price = regexPrice(text)
		t.start = anchored(text)
	}
	return t, nil
}

// regexError rewords an error of the regexp package.
func regexError(err error) error {
	var e *syntax.Error
	if !errors.As(err, &e) {
		return fmt.Errorf("not a regular expression, %w", err)
	}
	advice := "write \\ before a literal character, in a string r\"…\""
	if strings.HasPrefix(e.Expr, "(?") {
		advice = "the syntax is RE2's, which has no lookaround and no back-references"
	}
	return fmt.Errorf("not a regular expression, %s at %q; %s", e.Code, e.Expr, advice)
}

// Match reports whether a value passes.
func (t *Test) Match(v string) bool {
	switch t.Kind {
	case TestEqual:
		return v == t.Text
	case TestGlob:
		return t.glob.Match(v)
	case TestRegex:
		return t.re.MatchString(v)
	}
	return true
}

// matches is like Match, but spends the cost from a request's budget.
func (t *Test) matches(r Request, v string) bool {
	switch t.Kind {
	case TestGlob, TestRegex:
		return Spend(r, t.cost(len(v))) && t.Match(v)
	}
	return t.Match(v)
}

func (t *Test) cost(bytes int) int {
	switch t.Kind {
	case TestGlob, TestRegex:
		return t.price.of(bytes)
	}
	return 0
}

// within reports whether every value that passes t passes u.
func (t *Test) within(u *Test) bool {
	return u.Kind == TestAny || t.Kind == u.Kind && t.Text == u.Text || t.Kind == TestEqual && u.Match(t.Text)
}

// excludes reports whether the only value that passes t does not pass u.
func (t *Test) excludes(u *Test) bool { return t.Kind == TestEqual && !u.Match(t.Text) }

// argument returns the test as an argument that follows others, such as ",
// glob=…".
func (t *Test) argument() string {
	switch t.Kind {
	case TestAny:
		return ""
	case TestEqual:
		return fmt.Sprintf(", %q", t.Text)
	}
	return fmt.Sprintf(", %s=%q", t.Kind, t.Text)
}

// Literal returns what a passing value must start with; "" if that is not
// known.
func (t *Test) Literal() string {
	switch t.Kind {
	case TestEqual:
		return t.Text
	case TestGlob:
		if i := strings.IndexAny(t.Text, globMeta); i >= 0 {
			return t.Text[:i]
		}
		return t.Text
	case TestRegex:
		return t.start
	}
	return ""
}

// anchored returns the literal that a regular expression of the form ^literal…
// begins with.
func anchored(expr string) string {
	re, err := syntax.Parse(expr, syntax.Perl)
	if err != nil {
		return ""
	}
	if re = re.Simplify(); re.Op != syntax.OpConcat || len(re.Sub) < 2 || re.Sub[0].Op != syntax.OpBeginText {
		return ""
	}
	if lit := re.Sub[1]; lit.Op == syntax.OpLiteral && lit.Flags&syntax.FoldCase == 0 {
		return string(lit.Rune)
	}
	return ""
}
