package builtin

import (
	"errors"
	"net/netip"
	"slices"
	"strings"

	"go.starlark.net/starlark"

	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/starlark/value"
)

// texts reads the strings of a variadic argument, each of which check accepts.
func (c *call) texts(g *given, check func(string) error) []string {
	if g == nil {
		return nil
	}
	var out []string
	for i, v := range g.value.(starlark.Tuple) {
		s, err := value.String(v)
		if err != nil {
			if l, ok := v.(*starlark.List); ok && l.Len() > 0 {
				err = value.WrongType("a string", v, "write * before the list")
			}
			c.wrongValue(g, &value.ElementError{Index: i, Err: err})
			continue
		}
		if err := check(s); err != nil {
			c.wrong(c.element(g, i), c.word.Name+"("+value.Quote(s)+")", codeRoute, err)
			continue
		}
		out = append(out, s)
	}
	return out
}

func (c *call) hostMatcher(g *given) *plan.Matcher {
	var hosts []string
	c.texts(g, func(s string) error {
		h, err := plan.CheckHost(s)
		hosts = append(hosts, h)
		return err
	})
	return plan.NewHostMatcher(hosts...)
}

func (c *call) patternMatcher(g *given, make func(string) (*plan.Matcher, error)) *plan.Matcher {
	if g == nil {
		return nil
	}
	s, err := value.String(g.value)
	if err != nil {
		c.wrongValue(g, err)
		return nil
	}
	m, err := make(s)
	if err == nil && c.word.Name == string(plan.MatchGlob) && !strings.HasPrefix(s, "/") && !strings.ContainsAny(s[:min(1, len(s))], "*?[{") {
		err = plan.CheckPath(s)
	}
	if err != nil {
		c.wrong(g.span, c.word.Name+"("+value.Quote(s)+")", codeRoute, err)
		return nil
	}
	return m
}

// namedMatcher is header, cookie and query.
func (c *call) namedMatcher(kind plan.MatcherKind, have map[string]*given) *plan.Matcher {
	g := have["name"]
	if g == nil {
		return nil
	}
	name, err := value.String(g.value)
	if err == nil && kind != plan.MatchQuery {
		err = checkToken(name)
	}
	if err != nil {
		c.wrongValue(g, err)
		return nil
	}
	test := c.test(have)
	switch kind {
	case plan.MatchHeader:
		c.checkSeen(g, name)
		return plan.NewHeaderMatcher(strings.ToLower(name), test)
	case plan.MatchCookie:
		return plan.NewCookieMatcher(name, test)
	}
	return plan.NewQueryMatcher(name, test)
}

// checkSeen reports a header that no request ever shows.
func (c *call) checkSeen(g *given, name string) {
	if why := plan.UnseenHeader(name); why != "" {
		c.wrong(g.span, c.word.Name+"("+value.Quote(name)+")", codeHeader, errors.New("no request shows this header: "+why))
	}
}

// test reads what a value must be: one of value, glob and regex, or none.
func (c *call) test(have map[string]*given) plan.Test {
	var test plan.Test
	var before *given
	for _, kind := range []plan.TestKind{plan.TestEqual, plan.TestGlob, plan.TestRegex} {
		g := have[string(kind)]
		if g == nil || g.value == starlark.None {
			continue
		}
		if before != nil {
			c.wrong(g.span, c.word.Name, codeValue, value.Wrong("keep one of the two", "has both `%s` and `%s`", before.arg.Name, kind))
			continue
		}
		before = g
		s, err := value.NumberString(g.value)
		if err != nil {
			c.wrongValue(g, err)
			continue
		}
		if test, err = plan.NewTest(kind, s); err != nil {
			c.wrong(g.span, "`"+g.arg.Name+"`", codeRoute, err)
		}
	}
	return test
}

func (c *call) clientMatcher(g *given) *plan.Matcher {
	if g == nil {
		return nil
	}
	var nets []netip.Prefix
	for i, v := range g.value.(starlark.Tuple) {
		net, err := value.Prefix(v)
		if err != nil {
			c.wrongValue(g, &value.ElementError{Index: i, Err: err})
			continue
		}
		if !slices.Contains(nets, net) {
			nets = append(nets, net)
		}
	}
	return plan.NewClientIPMatcher(nets...)
}

func (c *call) percentMatcher(have map[string]*given) *plan.Matcher {
	var percent float64
	var by plan.Key
	var salt string
	var err error
	if g := have["share"]; g != nil {
		if percent, err = value.Float(g.value); err == nil && !(percent >= 0 && percent <= 100) {
			err = value.Wrong("", "must be from 0 to 100, got %v", g.value)
		}
		if err != nil {
			c.wrongValue(g, err)
		}
	}
	if g := have["by"]; g != nil {
		key, ok := g.value.(*Key)
		if !ok {
			c.wrongValue(g, value.WrongType(keyForms, g.value, keyLabel(g.value)))
			return nil
		}
		by = key.Key
	}
	if g := have["salt"]; g != nil {
		if salt, err = value.NumberString(g.value); err != nil {
			c.wrongValue(g, err)
		}
	}
	return plan.NewPercentMatcher(plan.NewShare(percent, by, salt))
}
