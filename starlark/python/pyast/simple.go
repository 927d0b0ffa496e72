package pyast

// simpleLine reads statements up to the end of the line.
func (p *parser) simpleLine() []*Node {
	var out []*Node
	for {
		out = append(out, p.simple())
		if !p.accept(";") || p.at(tokNewline) {
			break
		}
	}
	if !p.at(tokNewline) && !p.at(tokEOF) {
		p.fail("the statement ends before this")
	}
	p.next()
	return out
}

func (p *parser) simple() *Node {
	t := p.tok()
	if t.kind == tokName {
		switch t.text {
		case "pass", "break", "continue":
			p.next()
			n := p.node(Word, t.start)
			n.Name = t.text
			return n
		case "global", "nonlocal":
			p.next()
			p.name()
			for p.accept(",") {
				p.name()
			}
			n := p.node(Word, t.start)
			n.Name = t.text
			return n
		case "return":
			p.next()
			return p.node(Return, t.start, p.optionalExprs()...).close(p)
		case "raise":
			p.next()
			kids := p.optionalExprs()
			if p.accept("from") {
				kids = append(kids, p.expr())
			}
			return p.node(Raise, t.start, kids...)
		case "assert":
			p.next()
			kids := []*Node{p.expr()}
			if p.accept(",") {
				kids = append(kids, p.expr())
			}
			return p.node(Assert, t.start, kids...)
		case "del":
			p.next()
			return p.node(Del, t.start, p.exprs()).close(p)
		case "import":
			return p.importStatement(t.start)
		case "from":
			return p.fromStatement(t.start)
		case "type":
			if next := p.tokens[p.pos+1]; next.kind == tokName && !keywords[next.text] {
				for !p.at(tokNewline) && !p.at(tokEOF) && !p.is(";") {
					p.next()
				}
				n := p.node(Other, t.start)
				n.Name = t.text
				return n
			}
		}
	}
	return p.expressionStatement(t.start)
}

func (p *parser) endsStatement() bool {
	return p.at(tokNewline) || p.at(tokEOF) || p.is(";") || p.is("from")
}

func (p *parser) optionalExprs() []*Node {
	if p.endsStatement() {
		return nil
	}
	return []*Node{p.exprs()}
}

var assignOps = words("+= -= *= /= //= %= **= &= |= ^= <<= >>= @=")

func (p *parser) expressionStatement(start int) *Node {
	first := p.exprs()
	switch {
	case p.is(":"):
		note := p.annotation()
		n := p.node(AnnAssign, start, first, note)
		if p.accept("=") {
			n.Kids = append(n.Kids, p.exprs())
		}
		return n.close(p)
	case p.tok().kind == tokOp && assignOps[p.tok().text]:
		op := p.next().text
		n := p.node(AugAssign, start, first, p.exprs()).close(p)
		n.Op = op
		return n
	case p.is("="):
		kids := []*Node{first}
		for p.accept("=") {
			kids = append(kids, p.exprs())
		}
		return p.node(Assign, start, kids...)
	}
	return p.node(ExprStmt, start, first)
}

// annotation reads a type, including its colon or arrow.
func (p *parser) annotation() *Node {
	start := p.next().start
	return p.node(Annotation, start, p.expr()).close(p)
}

func (p *parser) dotted() string {
	name := p.name().text
	for p.accept(".") {
		name += "." + p.name().text
	}
	return name
}

func (p *parser) alias(name func() string) *Node {
	n := &Node{Kind: Alias, Start: p.tok().start}
	n.Name = name()
	if p.accept("as") {
		n.As = p.name().text
	}
	return n.close(p)
}

func (p *parser) importStatement(start int) *Node {
	p.next()
	kids := []*Node{p.alias(p.dotted)}
	for p.accept(",") {
		kids = append(kids, p.alias(p.dotted))
	}
	return p.node(Import, start, kids...)
}

func (p *parser) fromStatement(start int) *Node {
	p.next()
	n := &Node{Kind: From, Start: start}
	for p.isAny(".", "...") {
		n.Op += p.next().text
	}
	if !p.is("import") {
		n.Name = p.dotted()
	}
	p.want("import")
	if p.is("*") {
		t := p.next()
		n.Kids = []*Node{{Kind: Alias, Name: "*", Start: t.start, End: t.end}}
		return n.close(p)
	}
	paren := p.accept("(")
	for {
		n.Kids = append(n.Kids, p.alias(func() string { return p.name().text }))
		if !p.accept(",") || paren && p.is(")") {
			break
		}
	}
	if paren {
		p.want(")")
	}
	return n.close(p)
}
