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

// A Matcher is the value of the words that look at a request: path, header,
// all_of and the others.
type Matcher struct {
	opaque
	Matcher match.Matcher // nil where something was wrong, which has been reported
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
		return m.session.join(match.All, m, other), nil
	case syntax.PIPE:
		return m.session.join(match.Any, m, other), nil
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
	return m.session.join(func(parts ...match.Matcher) match.Matcher { return match.Not(parts[0]) }, m), nil
}

// join makes a matcher of others; of one that is wrong a wrong one.
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
	// make makes the matcher that a call asks for. It reports what is wrong, and
	// may return nil then.
	make func(c *call, have map[string]*given) match.Matcher
}

// matcherWords are the words that make matchers, in the order that reference
// docs show them. Each family has a file.
func matcherWords() []matcherWord {
	return slices.Concat(pathWords(), hostWords(), methodWords(), namedWords(), clientWords(),
		websocketWords(), percentWords(), combineWords())
}

// matcherWordsAlone are the matcherWords as other words are.
func matcherWordsAlone() (out []Word) {
	for _, w := range matcherWords() {
		w.Returns = matcherType
		out = append(out, w.Word)
	}
	return out
}

// matcher is the function of a word that makes a matcher.
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

// some is an argument that takes one value or more, by place.
func some(name, typ, rule, doc, example string, aka ...string) Argument {
	return Argument{Name: name, Type: typ, Required: true, Variadic: true, Rule: rule, Doc: doc, Example: example, aka: aka}
}

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

// matcherLabel says what to write in place of a value that is no matcher.
func matcherLabel(v starlark.Value) string {
	switch v := v.(type) {
	case starlark.String:
		if match.CheckPath(string(v)) == nil {
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
