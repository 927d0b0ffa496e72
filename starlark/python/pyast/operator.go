package pyast

func (p *parser) or() *Node { return p.boolean("or", p.and) }

func (p *parser) and() *Node { return p.boolean("and", p.not) }

func (p *parser) boolean(op string, operand func() *Node) *Node {
	x := operand()
	for p.accept(op) {
		x = p.node(Bool, x.Start, x, operand()).close(p)
		x.Op = op
	}
	return x
}

func (p *parser) not() *Node {
	p.enter()
	defer p.leave()
	if at := p.tok().start; p.accept("not") {
		n := p.node(Unary, at, p.not()).close(p)
		n.Op = "not"
		return n
	}
	return p.comparison()
}

func (p *parser) comparison() *Node {
	x := p.binary(0)
	kids := []*Node{x}
	for {
		op := p.comparator()
		if op == nil {
			break
		}
		kids = append(kids, op, p.binary(0))
	}
	if len(kids) == 1 {
		return x
	}
	return p.node(Compare, x.Start, kids...)
}

func (p *parser) comparator() *Node {
	t := p.tok()
	switch {
	case p.isAny("<", ">", "<=", ">=", "==", "!="), p.is("in"):
		p.next()
	case p.is("not") && p.peek("in"), p.is("is") && p.peek("not"):
		second := p.tokens[p.pos+1]
		p.pos += 2
		return &Node{Kind: Operator, Op: t.text + " " + second.text, Start: t.start, End: second.end}
	case p.is("is"):
		p.next()
	default:
		return nil
	}
	return &Node{Kind: Operator, Op: t.text, Start: t.start, End: t.end}
}

// levels holds the binary operators, from those that bind least.
var levels = []map[string]bool{words("|"), words("^"), words("&"), words("<< >>"), words("+ -"), words("* / // % @")}

func (p *parser) binary(level int) *Node {
	if level == len(levels) {
		return p.unary()
	}
	x := p.binary(level + 1)
	for p.tok().kind == tokOp && levels[level][p.tok().text] {
		op := p.next().text
		x = p.node(Binary, x.Start, x, p.binary(level+1)).close(p)
		x.Op = op
	}
	return x
}

func (p *parser) unary() *Node {
	p.enter()
	defer p.leave()
	if t := p.tok(); p.isAny("+", "-", "~") {
		p.next()
		n := p.node(Unary, t.start, p.unary()).close(p)
		n.Op = t.text
		return n
	}
	start := p.tok().start
	var x *Node
	if p.accept("await") {
		x = p.node(Await, start, p.primary()).close(p)
	} else {
		x = p.primary()
	}
	if p.accept("**") {
		x = p.node(Binary, start, x, p.unary()).close(p)
		x.Op = "**"
	}
	return x
}
