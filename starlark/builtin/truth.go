package builtin

import (
	"go.starlark.net/syntax"

	"github.com/ldcorn/ldcorn/starlark/diag"
)

// instead says what to write for an operator that takes the truth of its
// operands.
var instead = map[syntax.Token][2]string{
	syntax.AND: {"`and` keeps only the last of two matchers", "write `&`, or all_of(…)"},
	syntax.OR:  {"`or` keeps only the first of two matchers", "write `|`, or any_of(…)"},
	syntax.NOT: {"`not` makes False of a matcher", "write `~`, or not_(…)"},
}

// truthOf reports a matcher whose truth an operator asks for. Starlark has no
// way to overload and, or and not; it asks for the truth of their first
// operand, so that this is the moment to look at who asks. A test for None,
// as in `if m`, passes.
func (s *Session) truthOf(m *Matcher) {
	if s.thread == nil {
		return // evaluation is over
	}
	stack := s.thread.CallStack()
	if len(stack) == 0 {
		return
	}
	pos := stack[len(stack)-1].Pos
	op, span, ok := s.opts.Sources.TruthAsked(pos)
	if !ok {
		return
	}
	s.truths++
	d := diag.Diagnostic{Code: codeTruth, Severity: diag.Error, Span: span, Message: instead[op][0], Label: instead[op][1]}
	_, d.Trace = diag.Place(stack, s.opts.Sources)
	s.opts.Report(d)
}
