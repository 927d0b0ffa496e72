package builtin

import (
	"fmt"
	"slices"

	"go.starlark.net/starlark"
	"go.starlark.net/syntax"

	"github.com/ldcorn/ldcorn/engine/match"
	"github.com/ldcorn/ldcorn/starlark/diag"
	"github.com/ldcorn/ldcorn/starlark/value"
)

// A Matcher is the value of a word that examines a request: path, header,
// all_of and others.
type Matcher struct {
	opaque
	Matcher match.Matcher // nil if it was wrong, which has been reported
	session *Session
	span    diag.Span // of the call that made it
}

const matcherType = "matcher"

var (
	_ starlark.HasBinary  = (*Matcher)(nil)
	_ starlark.HasUnary   = (*Matcher)(nil)
	_ starlark.Comparable = (*Matcher)(nil)
)

// String returns a call that makes the matcher.
func (m *Matcher) String() string {
	if m.Matcher == nil {
		return m.opaque.String()
	}
	return m.Matcher.String()
}

// Truth runs for the operators and, or and not, which cannot join matchers.
func (m *Matcher) Truth() starlark.Bool {
	m.session.truthOf(m)
	return true
}

// CompareSameType compares the text of matchers for equality; a matcher has no
// order.
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

// Binary joins two matchers with & or |.
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
		return m.session.join(match.All, m, other), nil
	case syntax.PIPE:
		return m.session.join(match.Any, m, other), nil
	}
	return nil, nil
}

// noMatcher reports an operand that is not a matcher and returns a stand-in for
// the result. It returns nil for other operators and after the evaluation.
func (s *Session) noMatcher(op syntax.Token, v starlark.Value) starlark.Value {
	does := map[syntax.Token]string{syntax.AMP: "joins matchers", syntax.PIPE: "joins matchers", syntax.TILDE: "negates a matcher"}[op]
	if s.thread == nil || does == "" {
		return nil
	}
	out := &Matcher{opaque: matcherType, session: s}
	if s.madeByNot(v) {
		return out
	}
	d := diag.Diagnostic{Code: codeType, Severity: diag.Error, Label: matcherLabel(v),
		Message: fmt.Sprintf("`%s` %s, got %s", op, does, value.Describe(v))}
	d.Span, d.Trace = diag.Place(s.thread.CallStack(), s.opts.Sources)
	s.opts.Report(d)
	return out
}

// madeByNot reports whether a value is likely the result of `not` on a matcher,
// which has been reported.
func (s *Session) madeByNot(v starlark.Value) bool { return s.truths > 0 && v == starlark.False }

// Unary applies ~, which negates the matcher.
func (m *Matcher) Unary(op syntax.Token) (starlark.Value, error) {
	if op != syntax.TILDE {
		return nil, nil
	}
	return m.session.join(func(parts ...match.Matcher) match.Matcher { return match.Not(parts[0]) }, m), nil
}

// join combines matchers into one. If a part is wrong, so is the result.
func (s *Session) join(by func(...match.Matcher) match.Matcher, parts ...*Matcher) *Matcher {
	out := &Matcher{opaque: matcherType, session: s}
	if s.thread != nil {
		out.span, _ = diag.Place(s.thread.CallStack(), s.opts.Sources)
	}
	var inner []match.Matcher
	for _, p := range parts {
		if p.Matcher == nil {
			return out
		}
		inner = append(inner, p.Matcher)
	}
	out.Matcher = by(inner...)
	return out
}

// A matcherWord is a word that makes a matcher.
type matcherWord struct {
	Word
	// make returns the matcher for a call. If it reports an error, it may
	// return nil.
	make func(c *call, have map[string]*given) match.Matcher
}

// matcherWords returns the words that make matchers, in the order of the
// reference documentation. Each family has its own file.
func matcherWords() []matcherWord {
	return slices.Concat(pathWords(), hostWords(), methodWords(), namedWords(), clientWords(),
		websocketWords(), percentWords(), combineWords())
}

// matcherWordsAlone returns the matcherWords as plain Words.
func matcherWordsAlone() (out []Word) {
	for _, w := range matcherWords() {
		w.Returns = matcherType
		out = append(out, w.Word)
	}
	return out
}

// matcher returns the function of a word that makes a matcher.
func (s *Session) matcher(w matcherWord) builtinFunc {
	return func(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
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
		if m := w.make(c, have); !c.failed {
			out.Matcher = m
		}
		return out, nil
	}
}

// some returns an argument that takes one or more positional values.
func some(name, typ, rule, doc, example string, aka ...string) Argument {
	return Argument{Name: name, Type: typ, Required: true, Variadic: true, Rule: rule, Doc: doc, Example: example, aka: aka}
}

// texts reads the strings of a variadic argument and applies check to each.
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

// matcherLabel returns the correction for a value that is not a matcher.
func matcherLabel(v starlark.Value) string {
	switch v := v.(type) {
	case *Rule:
		return ruleLabel
	case starlark.String:
		if match.CheckPath(string(v)) == nil {
			return fmt.Sprintf("write prefix(%q), or path(%q) for only this path", string(v), string(v))
		}
	case starlark.Bool:
		return `a matcher does the comparison itself, as in header("x-tenant", "acme")`
	case *starlark.Builtin:
		return "call it: add () after its name"
	case *starlark.Function:
		return "to use a function, make it the `router` of LdConfig"
	case *Affinity:
		return affinityLabel(v)
	case *Key:
		return "a key identifies a client: use it in percent(…, by=…), or as `sticky`"
	}
	return ""
}
