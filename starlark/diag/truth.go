package diag

import "go.starlark.net/syntax"

// A truth is an operator that asks for the truth of its first operand.
type truth struct {
	op      syntax.Token // AND, OR or NOT
	pos     syntax.Position
	operand syntax.Expr // of NOT the whole expression
}

// TruthAsked returns the operator that asks for a truth while Starlark is at
// a position, which is that of the last thing that was evaluated: the end of
// the operand, or within it. It reports false where no operator does.
func (s *Sources) TruthAsked(pos syntax.Position) (syntax.Token, Span, bool) {
	if !pos.IsValid() {
		return 0, Span{}, false
	}
	src := s.file(pos.Filename())
	if src == nil {
		return 0, Span{}, false
	}
	var found *truth
	for i := range src.truths {
		t := &src.truths[i]
		start, end := t.operand.Span()
		if t.op == syntax.NOT {
			end = t.pos // Starlark names the place of the word itself
		}
		if isBefore(pos, start) || isBefore(end, pos) {
			continue
		}
		// Walk meets the outer operators first: the last one is the innermost.
		found = t
	}
	if found == nil {
		return 0, Span{}, false
	}
	return found.op, s.Word(At(found.pos)), true
}

func isBefore(a, b syntax.Position) bool {
	return a.Line < b.Line || a.Line == b.Line && a.Col < b.Col
}
