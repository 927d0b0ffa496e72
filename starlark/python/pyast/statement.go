package pyast

import "strings"

// statement reads one statement, or those of a line.
func (p *parser) statement() []*Node {
	p.enter()
	defer p.leave()
	t := p.tok()
	switch {
	case t.kind == tokIndent:
		p.fail("this line is indented without a block to belong to")
	case t.kind == tokNewline || t.kind == tokDedent:
		p.next()
		return nil
	case p.is("@"):
		return []*Node{p.decorated()}
	case t.kind == tokName:
		if read := compound[t.text]; read != nil {
			return []*Node{read(p, t.start)}
		}
		if p.softKeyword() {
			return []*Node{p.skipCompound(t)}
		}
	}
	return p.simpleLine()
}

var compound map[string]func(p *parser, start int) *Node

func init() {
	compound = map[string]func(*parser, int) *Node{
		"if": (*parser).ifStatement, "while": (*parser).whileStatement, "for": (*parser).forStatement,
		"def":   func(p *parser, start int) *Node { return p.def(start, nil) },
		"class": func(p *parser, start int) *Node { return p.class(start, nil) },
		"with":  (*parser).with, "try": (*parser).try, "async": (*parser).async,
	}
}

// softKeyword reports whether a match statement begins here.
func (p *parser) softKeyword() bool {
	if !p.is("match") {
		return false
	}
	after := p.tokens[p.pos+1]
	if after.kind == tokNewline || after.kind == tokOp && strings.Contains(". = , : ) ] + - * / % | & := == != < >", after.text) && after.text != "-" && after.text != "*" {
		return false
	}
	for i := p.pos; p.tokens[i].kind != tokEOF && p.tokens[i].kind != tokNewline; i++ {
		if p.tokens[i].depth == 0 && p.tokens[i].text == ":" {
			return p.tokens[i+1].kind == tokNewline
		}
	}
	return false
}

// skipCompound takes a statement with a block without looking into it.
func (p *parser) skipCompound(t token) *Node {
	for !p.at(tokNewline) && !p.at(tokEOF) {
		p.next()
	}
	p.next()
	end := p.lastEnd()
	if p.at(tokIndent) {
		for depth := 0; ; {
			switch p.tok().kind {
			case tokIndent:
				depth++
			case tokDedent:
				depth--
			case tokNewline, tokEOF:
			default:
				end = p.tok().end
			}
			if p.next(); depth == 0 || p.at(tokEOF) {
				break
			}
		}
	}
	return &Node{Kind: Other, Name: t.text, Start: t.start, End: end}
}

func (p *parser) async(start int) *Node {
	p.next()
	t := p.tok()
	if !p.isAny("def", "for", "with") {
		p.fail("`def`, `for` or `with` is expected here")
	}
	inner := compound[t.text](p, t.start)
	return &Node{Kind: Other, Name: "async", Start: start, End: inner.End}
}

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

// close ends a node where the parser is.
func (n *Node) close(p *parser) *Node {
	n.End = p.lastEnd()
	return n
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

// annotation reads a type, from its colon or arrow on.
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

// block reads a colon and what belongs to it.
func (p *parser) block() *Node {
	p.want(":")
	if !p.at(tokNewline) {
		n := &Node{Kind: Block, Start: p.tok().start}
		n.Kids = p.simpleLine()
		n.End = n.Kid(-1).End
		return n
	}
	p.next()
	if !p.at(tokIndent) {
		p.fail("a block is expected here")
	}
	p.next()
	n := &Node{Kind: Block, Start: p.tok().start}
	for !p.at(tokDedent) && !p.at(tokEOF) {
		n.Kids = append(n.Kids, p.statement()...)
	}
	if p.at(tokDedent) {
		p.next()
	}
	if len(n.Kids) == 0 {
		p.fail("a block is expected here")
	}
	n.End = n.Kid(-1).End
	return n
}

// ending returns a node of kids whose last is a block.
func ending(k Kind, start int, kids ...*Node) *Node {
	return &Node{Kind: k, Start: start, End: kids[len(kids)-1].End, Kids: kids}
}

func (p *parser) ifStatement(start int) *Node {
	op := p.next().text
	kids := []*Node{p.namedExpr(), p.block()}
	switch {
	case p.is("elif"):
		kids = append(kids, p.ifStatement(p.tok().start))
	case p.is("else"):
		kids = append(kids, p.elseBlock())
	}
	n := ending(If, start, kids...)
	n.Op = op
	return n
}

func (p *parser) elseBlock() *Node {
	op := p.next().text
	b := p.block()
	b.Op = op
	return b
}

func (p *parser) whileStatement(start int) *Node {
	p.next()
	return ending(While, start, p.withElse(p.namedExpr(), p.block())...)
}

func (p *parser) withElse(kids ...*Node) []*Node {
	if p.is("else") {
		kids = append(kids, p.elseBlock())
	}
	return kids
}

func (p *parser) forStatement(start int) *Node {
	p.next()
	target := p.targets()
	p.want("in")
	iter := p.exprs()
	return ending(For, start, p.withElse(target, iter, p.block())...)
}

func (p *parser) decorated() *Node {
	start := p.tok().start
	var decorators []*Node
	for p.is("@") {
		at := p.next().start
		decorators = append(decorators, p.node(Decorator, at, p.namedExpr()).close(p))
		p.next() // the end of its line
	}
	switch {
	case p.is("def"):
		return p.def(start, decorators)
	case p.is("class"):
		return p.class(start, decorators)
	case p.is("async"):
		return p.async(start)
	}
	p.fail("`def` or `class` is expected here")
	return nil
}

func (p *parser) def(start int, kids []*Node) *Node {
	p.next()
	name := p.name()
	p.want("(")
	kids = append(kids, p.params(")"))
	p.want(")")
	if p.is("->") {
		kids = append(kids, p.annotation())
	}
	n := ending(Def, start, append(kids, p.block())...)
	n.Name, n.NameAt = name.text, name.start
	return n
}

func (p *parser) class(start int, kids []*Node) *Node {
	p.next()
	name := p.name()
	if p.accept("(") {
		kids = append(kids, p.arguments()...)
		p.want(")")
	}
	n := ending(Class, start, append(kids, p.block())...)
	n.Name, n.NameAt = name.text, name.start
	return n
}

func (p *parser) with(start int) *Node {
	p.next()
	// "with (a as x, b as y):" needs more than one token to be told from
	// "with (a):"; nobody rewrites it, so that its words are enough.
	for !p.at(tokNewline) && !p.at(tokEOF) && (!p.is(":") || p.tok().depth > 0) {
		p.next()
	}
	return ending(With, start, p.block())
}

func (p *parser) try(start int) *Node {
	p.next()
	kids := []*Node{p.block()}
	for p.is("except") {
		at := p.next().start
		p.accept("*")
		e := &Node{Kind: Except, Start: at}
		if !p.is(":") {
			e.Kids = append(e.Kids, p.exprs())
			if p.accept("as") {
				e.Name = p.name().text
			}
		}
		e.Kids = append(e.Kids, p.block())
		e.End = e.Kid(-1).End
		kids = append(kids, e)
	}
	kids = p.withElse(kids...)
	if p.is("finally") {
		kids = append(kids, p.elseBlock())
	}
	if len(kids) == 1 {
		p.fail("`except` or `finally` is expected here")
	}
	return ending(Try, start, kids...)
}
