package pyast

// exprs reads an expression, or a tuple without parentheses.
func (p *parser) exprs() *Node {
	start := p.tok().start
	first := p.starExpr()
	if !p.is(",") {
		return first
	}
	kids := []*Node{first}
	for p.accept(",") {
		if p.endsExprs() {
			break
		}
		kids = append(kids, p.starExpr())
	}
	return p.node(Tuple, start, kids...)
}

func (p *parser) endsExprs() bool {
	return p.at(tokNewline) || p.at(tokEOF) || p.isAny("=", ")", "]", "}", ":", ";", "in") || p.tok().kind == tokOp && assignOps[p.tok().text]
}

// targets reads the targets of a for.
func (p *parser) targets() *Node {
	start := p.tok().start
	one := func() *Node {
		if at := p.tok().start; p.accept("*") {
			return p.node(Star, at, p.binary(0)).close(p)
		}
		return p.binary(0)
	}
	first := one()
	if !p.is(",") {
		return first
	}
	kids := []*Node{first}
	for p.accept(",") && !p.is("in") {
		kids = append(kids, one())
	}
	return p.node(Tuple, start, kids...)
}

func (p *parser) starExpr() *Node {
	if at := p.tok().start; p.accept("*") {
		return p.node(Star, at, p.binary(0)).close(p)
	}
	return p.namedExpr()
}

// namedExpr reads an expression that can be a walrus.
func (p *parser) namedExpr() *Node {
	x := p.expr()
	if x.Kind == Name && p.accept(":=") {
		return p.node(Walrus, x.Start, x, p.expr()).close(p)
	}
	return x
}

func (p *parser) expr() *Node {
	p.enter()
	defer p.leave()
	start := p.tok().start
	switch {
	case p.is("lambda"):
		return p.lambda(start)
	case p.is("yield"):
		p.next()
		p.accept("from")
		if p.endsExprs() {
			return p.node(Yield, start)
		}
		return p.node(Yield, start, p.exprs()).close(p)
	}
	x := p.or()
	if !p.accept("if") {
		return x
	}
	test := p.or()
	p.want("else")
	return p.node(IfExp, start, x, test, p.expr()).close(p)
}

func (p *parser) lambda(start int) *Node {
	p.next()
	params := p.params(":")
	p.want(":")
	return p.node(Lambda, start, params, p.expr()).close(p)
}

func (p *parser) primary() *Node {
	x := p.atom()
	for {
		switch {
		case p.accept("."):
			name := p.name()
			x = p.node(Attr, x.Start, x)
			x.Name, x.NameAt = name.text, name.start
		case p.accept("("):
			kids := append([]*Node{x}, p.arguments()...)
			p.want(")")
			x = p.node(Call, x.Start, kids...)
		case p.accept("["):
			sub := p.subscript()
			p.want("]")
			x = p.node(Index, x.Start, x, sub)
		default:
			return x
		}
	}
}

func (p *parser) arguments() []*Node {
	var kids []*Node
	named := false
	for !p.is(")") {
		at := p.pos
		arg := p.argument()
		if named && arg.Kind != Keyword && arg.Kind != DoubleStar && arg.Kind != Star {
			p.pos = at
			p.fail("a positional argument follows a named argument")
		}
		named = named || arg.Kind == Keyword || arg.Kind == DoubleStar
		kids = append(kids, arg)
		if !p.accept(",") {
			break
		}
	}
	return kids
}

func (p *parser) argument() *Node {
	t := p.tok()
	switch {
	case p.accept("**"):
		return p.node(DoubleStar, t.start, p.expr()).close(p)
	case p.accept("*"):
		return p.node(Star, t.start, p.expr()).close(p)
	case t.kind == tokName && p.peek("=") && !keywords[t.text]:
		p.pos += 2
		n := p.node(Keyword, t.start, p.expr()).close(p)
		n.Name, n.NameAt = t.text, t.start
		return n
	}
	x := p.namedExpr()
	if p.isAny("for", "async") {
		return p.comprehension(GenExp, x.Start, x)
	}
	return x
}

func (p *parser) subscript() *Node {
	start := p.tok().start
	first := p.sliceItem()
	if !p.is(",") {
		return first
	}
	kids := []*Node{first}
	for p.accept(",") && !p.is("]") {
		kids = append(kids, p.sliceItem())
	}
	return p.node(Tuple, start, kids...)
}

func (p *parser) sliceItem() *Node {
	start := p.tok().start
	var kids []*Node
	if !p.is(":") {
		x := p.starExpr()
		if !p.is(":") {
			return x
		}
		kids = append(kids, x)
	}
	for p.accept(":") {
		if !p.isAny(":", "]", ",") {
			kids = append(kids, p.expr())
		}
	}
	return p.node(Slice, start, kids...)
}

// params reads the parameters of a def or, up to the colon, of a lambda.
func (p *parser) params(end string) *Node {
	n := &Node{Kind: Params, Start: p.tok().start}
	for !p.is(end) {
		n.Kids = append(n.Kids, p.param(end))
		if !p.accept(",") {
			break
		}
	}
	n.End = max(n.Start, p.lastEnd())
	return n
}

func (p *parser) param(end string) *Node {
	n := &Node{Kind: Param, Start: p.tok().start}
	if p.isAny("*", "**", "/") {
		n.Op = p.next().text
	}
	if n.Op == "/" || n.Op == "*" && p.isAny(",", end) {
		return n.close(p)
	}
	name := p.name()
	n.Name, n.NameAt = name.text, name.start
	if end != ":" && p.is(":") {
		n.Kids = append(n.Kids, p.annotation())
	}
	if p.accept("=") {
		n.Kids = append(n.Kids, p.expr())
	}
	return n.close(p)
}
