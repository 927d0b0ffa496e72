package builtin

import (
	"go.starlark.net/syntax"

	"github.com/ldcorn/ldcorn/starlark/diag"
)

// instead maps an operator that uses the truth of its operands to a message and
// a correction.
var instead = map[syntax.Token][2]string{
	syntax.AND: {"`and` keeps only the last of two matchers", "write `&`, or all_of(…)"},
	syntax.OR:  {"`or` keeps only the first of two matchers", "write `|`, or any_of(…)"},
	syntax.NOT: {"`not` turns a matcher into False", "write `~`, or not_(…)"},
}

// truthOf reports an operator that uses the truth of a matcher. Starlark cannot
// overload and, or and not, but they ask for the truth of their first operand,
// so truthOf examines the caller. A test for None, as in `if m`, is allowed.
func (s *Session) truthOf(m *Matcher) {
	if s.thread == nil {
		return // the evaluation is over
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
