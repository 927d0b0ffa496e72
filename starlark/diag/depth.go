package diag

import "fmt"

// maxDepth limits how deeply a file can nest: brackets, operators, attributes
// and calls of one expression, or elif after elif. Code that reads a file
// recurses at least once per level, so a file of some megabytes could overflow
// the stack.
const maxDepth = 2000

// TooDeep returns an error if a file exceeds maxDepth, and nil otherwise. The
// file's text must have been added.
func (s *Sources) TooDeep(file string) *Diagnostic {
	src := s.file(file)
	if src == nil || src.deep == nil {
		return nil
	}
	return &Diagnostic{Code: CodeSyntax, Severity: Error, Span: src.deep.span(file),
		Message: fmt.Sprintf("this is nested too deeply or too long for one expression: it has more than %d levels", maxDepth),
		Label:   "split it into several statements"}
}

// A depth computes an upper bound on the depth of an expression tree. Each
// frame belongs to a bracket and counts the operators since its last comma,
// because only those can be above the next token.
type depth struct {
	frames []int
	total  int // of all frames
	elifs  int // since the last statement at the left margin
}

// nesting holds the words that make an expression deeper.
var nesting = map[string]bool{"not": true, "and": true, "or": true, "in": true, "is": true, "if": true, "else": true, "lambda": true, "for": true, "await": true}

func newDepth() *depth { return &depth{frames: []int{0}} }

func (d *depth) add(t token) {
	last := len(d.frames) - 1
	switch {
	case t.kind == tokenNewline:
		d.frames, d.total = append(d.frames[:0], 0), 0
	case t.kind == tokenName:
		if t.first && t.text == "elif" {
			d.elifs++
		} else if t.first && t.col == 1 && t.text != "else" {
			d.elifs = 0
		}
		if nesting[t.text] {
			d.deepen(1)
		}
	case t.kind != tokenOp || t.text == ":" || t.text == "=":
	case t.text == ",":
		d.total -= d.frames[last]
		d.frames[last] = 0
	case t.text == "(" || t.text == "[" || t.text == "{":
		d.deepen(1)
		d.frames = append(d.frames, 0)
	case t.text == ")" || t.text == "]" || t.text == "}":
		if last > 0 { // its operators can no longer be above the next token
			d.total -= d.frames[last]
			d.frames = d.frames[:last]
		}
	default:
		d.deepen(len(t.text)) // "--" is two operators
	}
}

func (d *depth) deepen(by int) {
	d.frames[len(d.frames)-1] += by
	d.total += by
}
