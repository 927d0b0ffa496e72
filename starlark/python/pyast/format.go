package pyast

import "strings"

// fields reads the fields of a format string between two offsets.
func (p *parser) fields(i, end int) []*Node {
	var kids []*Node
	for i < end {
		switch {
		case strings.HasPrefix(p.src[i:end], "{{"), strings.HasPrefix(p.src[i:end], "}}"):
			i += 2
		case p.src[i] == '{':
			f := p.field(i, end)
			kids = append(kids, f)
			i = f.End
		case p.src[i] == '}':
			panic(&Error{i, "a single `}` in a format string: write it twice"})
		default:
			i++
		}
	}
	return kids
}

// field reads the field whose brace is at start.
func (p *parser) field(start, limit int) *Node {
	end, ok := fieldEnd(p.src[:limit], start)
	if !ok {
		panic(&Error{start, "this `{` is never closed"})
	}
	n := &Node{Kind: Field, Start: start, End: end}
	stop := expressionEnd(p.src[:end-1], start+1)
	text := p.src[start+1 : stop]
	if trimmed := strings.TrimRight(text, " \t\n"); isDebug(trimmed) {
		n.Debug = true
		text = strings.TrimSuffix(trimmed, "=")
	}
	n.Kids = []*Node{p.within(start+1, start+1+len(text))}
	rest := p.src[stop : end-1]
	if conversion, ok := strings.CutPrefix(rest, "!"); ok {
		n.Op, rest, _ = strings.Cut(conversion, ":")
		n.Op = strings.TrimSpace(n.Op)
		n.Name = rest
	} else {
		n.Name = strings.TrimPrefix(rest, ":")
	}
	return n
}

// isDebug reports whether the expression of a field ends with the = that prints
// the expression itself.
func isDebug(s string) bool {
	return strings.HasSuffix(s, "=") && !strings.HasSuffix(s, "==") && !strings.HasSuffix(s, "!=") &&
		!strings.HasSuffix(s, "<=") && !strings.HasSuffix(s, ">=")
}

// expressionEnd returns the offset of the ! or : that ends the expression of
// a field, or the end of src.
func expressionEnd(src string, i int) int {
	depth := 0
	for i < len(src) {
		switch c := src[i]; c {
		case '(', '[', '{':
			depth++
		case ')', ']', '}':
			depth--
		case '"', '\'':
			i, _ = stringEnd(src, i, true)
			continue
		case '!':
			if depth == 0 && (i+1 == len(src) || src[i+1] != '=') {
				return i
			}
		case ':':
			if depth == 0 {
				return i
			}
		}
		i++
	}
	return len(src)
}

// within parses an expression between two offsets as if it were in parentheses.
func (p *parser) within(start, end int) *Node {
	s := &scanner{src: p.src[:end], pos: start, open: []byte{'('}}
	for s.pos < end {
		if err := s.next(); err != nil {
			panic(err)
		}
	}
	s.emit(tokEOF, end, end)
	sub := &parser{src: p.src, tokens: s.tokens, depth: p.depth}
	x := sub.exprs()
	if !sub.at(tokEOF) {
		sub.fail("this field of a format string continues where it should end")
	}
	return x
}
