package diag

import "go.starlark.net/syntax"

// A truth is an operator that uses the truth of its first operand.
type truth struct {
	op      syntax.Token // AND, OR or NOT
	pos     syntax.Position
	operand syntax.Expr // for NOT, the whole expression
}

// TruthAsked returns the operator that uses a truth value while Starlark is at
// a position. The position is that of the last evaluation: the end of the
// operand, or within it. TruthAsked returns false if there is no operator.
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
			end = t.pos // Starlark gives the position of the word itself
		}
		if isBefore(pos, start) || isBefore(end, pos) {
			continue
		}
		// Walk visits outer operators first, so the last one found is the
		// innermost.
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
