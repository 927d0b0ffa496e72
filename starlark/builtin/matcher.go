package builtin

import (
	"fmt"
	"slices"

	"go.starlark.net/starlark"
	"go.starlark.net/syntax"

	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/starlark/diag"
	"github.com/ldcorn/ldcorn/starlark/value"
)

// A Matcher is the value of the words that look at a request: path, header,
// all_of and the others.
type Matcher struct {
	opaque
	Matcher *plan.Matcher // nil where something was wrong, which has been reported
	session *Session
	span    diag.Span // where it was made
}

const matcherType = "matcher"

var (
	_ starlark.HasBinary  = (*Matcher)(nil)
	_ starlark.HasUnary   = (*Matcher)(nil)
	_ starlark.Comparable = (*Matcher)(nil)
)

// String shows the matcher as it is written.
func (m *Matcher) String() string {
	if m.Matcher == nil {
		return m.opaque.String()
	}
	return m.Matcher.String()
}

// Truth is asked for by and, or and not, which cannot join matchers.
func (m *Matcher) Truth() starlark.Bool {
	m.session.truthOf(m)
	return true
}

// CompareSameType compares what is written; there is no order.
func (m *Matcher) CompareSameType(op syntax.Token, y starlark.Value, _ int) (bool, error) {
	equal := m.String() == y.(*Matcher).String()
	switch op {
	case syntax.EQL:
		return equal, nil
	case syntax.NEQ:
		return !equal, nil
	}
	return false, fmt.Errorf("matchers have no order")
}

// Binary joins two matchers by & and |.
func (m *Matcher) Binary(op syntax.Token, y starlark.Value, side starlark.Side) (starlark.Value, error) {
	if value.IsUnset(y) {
		return y, nil
	}
	other, ok := y.(*Matcher)
	if !ok {
		return m.session.noMatcher(op, y), nil
	}
	if side == starlark.Right {
		m, other = other, m
	}
	switch op {
	case syntax.AMP:
		return m.session.join(plan.NewAllMatcher, m, other), nil
	case syntax.PIPE:
		return m.session.join(plan.NewAnyMatcher, m, other), nil
	}
	return nil, nil
}

// noMatcher reports an operand that is none, and stands in for what the
// operator would make. It is nil for other operators, and once evaluation is
// over.
func (s *Session) noMatcher(op syntax.Token, v starlark.Value) starlark.Value {
	if s.thread == nil || op != syntax.AMP && op != syntax.PIPE {
		return nil
	}
	out := &Matcher{opaque: matcherType, session: s}
	if s.madeByNot(v) {
		return out
	}
	d := diag.Diagnostic{Code: codeType, Severity: diag.Error, Label: matcherLabel(v),
		Message: fmt.Sprintf("`%s` joins matchers, got %s", op, value.Describe(v))}
	d.Span, d.Trace = diag.Place(s.thread.CallStack(), s.opts.Sources)
	s.opts.Report(d)
	return out
}

// madeByNot reports whether a value is what a `not` has likely made of a
// matcher, which has been reported.
func (s *Session) madeByNot(v starlark.Value) bool { return s.truths > 0 && v == starlark.False }

// Unary is ~, for what the matcher does not take.
func (m *Matcher) Unary(op syntax.Token) (starlark.Value, error) {
	if op != syntax.TILDE {
		return nil, nil
	}
	return m.session.join(func(parts ...*plan.Matcher) *plan.Matcher { return plan.NewNotMatcher(parts[0]) }, m), nil
}

// join makes a matcher of others; of one that is wrong a wrong one.
func (s *Session) join(by func(...*plan.Matcher) *plan.Matcher, parts ...*Matcher) *Matcher {
	out := &Matcher{opaque: matcherType, session: s}
	if s.thread != nil {
		out.span, _ = diag.Place(s.thread.CallStack(), s.opts.Sources)
	}
	var inner []*plan.Matcher
	for _, p := range parts {
		if p.Matcher == nil {
			return out
		}
		inner = append(inner, p.Matcher)
	}
	out.Matcher = by(inner...)
	return out
}

// matcher is every word that makes a matcher.
func (s *Session) matcher(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	c := s.begin(thread, s.words[b.Name()])
	have := c.bind(args, kwargs)
	for _, g := range have {
		if value.IsUnset(g.value) {
			return g.value, nil
		}
		if t, ok := g.value.(starlark.Tuple); ok && slices.ContainsFunc(t, value.IsUnset) {
			return t[slices.IndexFunc(t, value.IsUnset)], nil
		}
	}
	out := &Matcher{opaque: matcherType, session: s, span: c.span}
	if m := c.makeMatcher(plan.MatcherKind(b.Name()), have); m != nil && !c.failed {
		out.Matcher = m
	}
	return out, nil
}

// makeMatcher makes what the word of a kind says. It reports what is wrong.
func (c *call) makeMatcher(kind plan.MatcherKind, have map[string]*given) *plan.Matcher {
	switch kind {
	case plan.MatchPath:
		return plan.NewPathMatcher(c.texts(have["paths"], plan.CheckPath)...)
	case plan.MatchPrefix:
		return plan.NewPrefixMatcher(c.texts(have["prefixes"], plan.CheckPath)...)
	case plan.MatchMethod:
		return plan.NewMethodMatcher(c.texts(have["methods"], plan.CheckMethod)...)
	case plan.MatchHost:
		return c.hostMatcher(have["hosts"])
	case plan.MatchGlob:
		return c.patternMatcher(have["pattern"], plan.NewGlobMatcher)
	case plan.MatchRegex:
		return c.patternMatcher(have["pattern"], plan.NewRegexMatcher)
	case plan.MatchHeader, plan.MatchCookie, plan.MatchQuery:
		return c.namedMatcher(kind, have)
	case plan.MatchClientIP:
		return c.clientMatcher(have["networks"])
	case plan.MatchWebsocket:
		return plan.NewWebsocketMatcher()
	case plan.MatchPercent:
		return c.percentMatcher(have)
	}
	return c.joinedMatcher(kind, have)
}

// joinedMatcher is all_of, any_of and not_.
func (c *call) joinedMatcher(kind plan.MatcherKind, have map[string]*given) *plan.Matcher {
	if kind == plan.MatchNot {
		if g := have["matcher"]; g != nil {
			if m := c.part(g, g.value, nil); m != nil {
				return plan.NewNotMatcher(m)
			}
		}
		return nil
	}
	g := have["matchers"]
	if g == nil {
		return nil
	}
	var parts []*plan.Matcher
	for i, v := range g.value.(starlark.Tuple) {
		if m := c.part(g, v, &i); m != nil {
			parts = append(parts, m)
		}
	}
	switch {
	case len(parts) != len(g.value.(starlark.Tuple)):
		return nil
	case kind == plan.MatchAll:
		return plan.NewAllMatcher(parts...)
	}
	return plan.NewAnyMatcher(parts...)
}

// part reads a value that must be a matcher: the i-th of the argument, or the
// argument itself.
func (c *call) part(g *given, v starlark.Value, i *int) *plan.Matcher {
	if m, ok := v.(*Matcher); ok {
		if m.Matcher == nil {
			c.failed = true
		}
		return m.Matcher
	}
	if c.session.madeByNot(v) {
		c.failed = true
		return nil
	}
	err := error(value.WrongType("a matcher", v, c.partLabel(v)))
	if i != nil {
		err = &value.ElementError{Index: *i, Err: err}
	}
	c.wrongValue(g, err)
	return nil
}

func (c *call) partLabel(v starlark.Value) string {
	if l, ok := v.(*starlark.List); ok && c.word.Name != string(plan.MatchNot) && l.Len() > 0 {
		return "write * before the list"
	}
	return matcherLabel(v)
}

// matcherLabel says what to write in place of a value that is no matcher.
func matcherLabel(v starlark.Value) string {
	switch v := v.(type) {
	case starlark.String:
		if plan.CheckPath(string(v)) == nil {
			return fmt.Sprintf("write prefix(%q), or path(%q) for this path alone", string(v), string(v))
		}
	case starlark.Bool:
		return `a matcher compares by itself, as in header("x-tenant", "acme")`
	case *starlark.Builtin:
		return "call it: add ( ) after its name"
	case *starlark.Function:
		return "a function looks at requests as `router` of LdConfig"
	case *Key:
		return "a key says who a client is: use it in percent(…, by=…), or as `sticky`"
	}
	return ""
}
