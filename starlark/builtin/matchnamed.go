package builtin

import (
	"errors"
	"fmt"
	"strings"

	"go.starlark.net/starlark"

	"github.com/ldcorn/ldcorn/engine/match"
	"github.com/ldcorn/ldcorn/starlark/value"
)

// namedWords returns the words for matchers of a header, a cookie or a query
// parameter.
func namedWords() []matcherWord {
	return []matcherWord{
		{Word{Name: "header", Doc: "Matches requests in which a line of the header passes the test; without a test, requests that have the header.",
			Arguments: testArguments("header", `"X-Tenant"`, "in upper or lower case")},
			func(c *call, have map[string]*given) match.Matcher {
				return c.namedMatcher(have, checkToken, func(name string, test match.Test) match.Matcher {
					c.checkSeen(have["name"], name)
					return match.Header(name, test)
				})
			}},
		{Word{Name: "cookie", Doc: "Matches requests whose last cookie with the name passes the test; without a test, requests that have the cookie.",
			Arguments: testArguments("cookie", `"beta"`, "case matters")},
			func(c *call, have map[string]*given) match.Matcher {
				return c.namedMatcher(have, checkToken, match.Cookie)
			}},
		{Word{Name: "query", Doc: "Matches requests whose first query parameter with the name passes the test; without a test, requests that have the parameter.",
			Arguments: testArguments("query parameter", `"version"`, "decoded; case matters")},
			func(c *call, have map[string]*given) match.Matcher {
				return c.namedMatcher(have, func(string) error { return nil }, match.Query)
			}},
	}
}

// testArguments returns the arguments of header, cookie and query.
func testArguments(what, example, rule string) []Argument {
	const one = "at most one of value, glob, regex"
	return []Argument{
		{Name: "name", Type: "str", Required: true, Rule: rule, Doc: "The " + what + ".", Example: example, aka: []string{"key", "header", "cookie", "query", "param"}},
		{Name: "value", Type: "str | None", Default: "None", Rule: one, Doc: "The exact value.", aka: []string{"equals", "eq", "is", "exact"}},
		{Name: "glob", Type: "str | None", Keyword: true, Default: "None", Rule: one + "; * takes any characters", Doc: "A glob that the value must match.", aka: []string{"pattern"}},
		{Name: "regex", Type: "str | None", Keyword: true, Default: "None", Rule: one + "; can match anywhere in the value", Doc: "A regular expression (RE2) that the value must match.", aka: []string{"re", "match", "matches"}},
	}
}

// namedMatcher returns a matcher for a field. Check validates the name of the
// field.
func (c *call) namedMatcher(have map[string]*given, check func(string) error, make func(string, match.Test) match.Matcher) match.Matcher {
	g := have["name"]
	if g == nil {
		return nil
	}
	name, err := value.String(g.value)
	if err == nil {
		err = check(name)
	}
	if err != nil {
		c.wrongValue(g, err)
		return nil
	}
	return make(name, c.test(have))
}

// checkSeen reports a header that no request has when a matcher sees it.
func (c *call) checkSeen(g *given, name string) {
	if why := match.UnseenHeader(name); why != "" {
		call := c.word.Name + "(" + value.Quote(name) + ")"
		if g.arg.Keyword {
			call = fmt.Sprintf("%s(%s=%s)", c.word.Name, g.arg.Name, value.Quote(name))
		}
		c.wrong(g.span, call, codeHeader, errors.New("routes and keys never see this header: "+why))
	}
}

// checkNoCookies reports a key in a header that holds all cookies together.
func (c *call) checkNoCookies(g *given, name, write string) {
	if strings.EqualFold(name, "cookie") || strings.EqualFold(name, "set-cookie") {
		c.wrongValue(g, value.Wrong("write "+write, "is the header of all cookies, which is no key: %q", name))
	}
}

// test reads the test of a value: one of value, glob and regex, or none.
func (c *call) test(have map[string]*given) match.Test {
	var test match.Test
	var before *given
	for _, kind := range []match.TestKind{match.TestEqual, match.TestGlob, match.TestRegex} {
		g := have[string(kind)]
		if g == nil || g.value == starlark.None {
			continue
		}
		if before != nil {
			c.wrong(g.span, c.word.Name, codeValue, value.Wrong("keep only one of them", "has both `%s` and `%s`", before.arg.Name, kind))
			continue
		}
		before = g
		s, err := value.NumberString(g.value)
		if err != nil {
			c.wrongValue(g, err)
			continue
		}
		if test, err = match.NewTest(kind, s); err != nil {
			c.wrong(g.span, "`"+g.arg.Name+"`", codeRoute, err)
		}
	}
	return test
}
