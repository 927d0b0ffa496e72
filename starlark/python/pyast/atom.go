package pyast

import "strings"

func (p *parser) atom() *Node {
	t := p.tok()
	switch t.kind {
	case tokNumber:
		p.next()
		return p.node(Number, t.start)
	case tokString:
		return p.strings()
	case tokName:
		if keywords[t.text] {
			break
		}
		p.next()
		n := p.node(Name, t.start)
		n.Name = t.text
		return n
	case tokOp:
		switch t.text {
		case "(":
			return p.parens()
		case "[":
			return p.list()
		case "{":
			return p.braces()
		case "...":
			p.next()
			return p.node(Ellipsis, t.start)
		}
	}
	switch {
	case t.kind == tokNewline || t.kind == tokEOF:
		p.fail("the line ends where a value is expected")
	default:
		p.fail("a value is expected here")
	}
	return nil
}

func (p *parser) parens() *Node {
	start := p.next().start
	if p.accept(")") {
		n := p.node(Tuple, start)
		n.Op = "("
		return n
	}
	first := p.starExpr()
	if p.isAny("for", "async") {
		n := p.comprehension(GenExp, start, first)
		p.want(")")
		n.Op = "("
		return n.close(p)
	}
	if !p.is(",") {
		if first.Kind == Star {
			p.fail("`,` is expected here")
		}
		p.want(")")
		return p.node(Paren, start, first)
	}
	n := &Node{Kind: Tuple, Op: "(", Start: start, Kids: p.elements(first, ")")}
	p.want(")")
	return n.close(p)
}

// elements reads the rest of a display.
func (p *parser) elements(first *Node, end string) []*Node {
	kids := []*Node{first}
	for p.accept(",") && !p.is(end) {
		kids = append(kids, p.starExpr())
	}
	return kids
}

func (p *parser) list() *Node {
	start := p.next().start
	n := &Node{Kind: List, Start: start}
	if !p.is("]") {
		first := p.starExpr()
		if p.isAny("for", "async") {
			n = p.comprehension(ListComp, start, first)
		} else {
			n.Kids = p.elements(first, "]")
		}
	}
	p.want("]")
	return n.close(p)
}

func (p *parser) braces() *Node {
	start := p.next().start
	n := &Node{Kind: Dict, Start: start}
	if p.accept("}") {
		return n.close(p)
	}
	first := p.entry()
	set := first.Kind != Pair && first.Kind != DoubleStar
	switch {
	case p.isAny("for", "async") && set:
		n = p.comprehension(SetComp, start, first)
	case p.isAny("for", "async"):
		n = p.comprehension(DictComp, start, first)
	case set:
		n.Kind, n.Kids = Set, p.elements(first, "}")
	default:
		n.Kids = []*Node{first}
		for p.accept(",") && !p.is("}") {
			n.Kids = append(n.Kids, p.entry())
		}
	}
	p.want("}")
	return n.close(p)
}

// entry reads an entry of a dict or an element of a set.
func (p *parser) entry() *Node {
	start := p.tok().start
	if p.accept("**") {
		return p.node(DoubleStar, start, p.binary(0)).close(p)
	}
	key := p.starExpr()
	if key.Kind == Star || !p.accept(":") {
		return key
	}
	return p.node(Pair, start, key, p.expr()).close(p)
}

// comprehension reads the clauses after an element. An async clause becomes an
// Other among the kids.
func (p *parser) comprehension(k Kind, start int, element *Node) *Node {
	kids := []*Node{element}
	for p.isAny("for", "async") {
		at := p.tok().start
		if p.accept("async") {
			n := p.node(Other, at)
			n.Name = "async"
			kids = append(kids, n)
		}
		at = p.want("for").start
		target := p.targets()
		p.want("in")
		clause := []*Node{target, p.or()}
		for p.accept("if") {
			clause = append(clause, p.condition())
		}
		kids = append(kids, p.node(CompFor, at, clause...))
	}
	return p.node(k, start, kids...)
}

// condition reads a condition of a comprehension.
func (p *parser) condition() *Node {
	x := p.or()
	if x.Kind == Name && p.accept(":=") {
		return p.node(Walrus, x.Start, x, p.or()).close(p)
	}
	return x
}

// strings reads one string or several adjacent ones.
func (p *parser) strings() *Node {
	var kids []*Node
	for p.at(tokString) {
		kids = append(kids, p.string(p.next()))
	}
	if len(kids) == 1 {
		return kids[0]
	}
	return p.node(Concat, kids[0].Start, kids...)
}

func (p *parser) string(t token) *Node {
	prefix := t.text[:strings.IndexAny(t.text, `"'`)]
	n := &Node{Kind: String, Op: prefix, Start: t.start, End: t.end}
	if isFormat(prefix) {
		n.Kind = FString
		body := t.start + len(prefix) + len(n.Quote(p.src))
		n.Kids = p.fields(body, t.end-len(n.Quote(p.src)))
	}
	return n
}
