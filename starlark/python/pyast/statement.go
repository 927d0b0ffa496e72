package pyast

import "strings"

// statement reads one compound statement, or the simple statements of a line.
func (p *parser) statement() []*Node {
	p.enter()
	defer p.leave()
	t := p.tok()
	switch {
	case t.kind == tokIndent:
		p.fail("this line is indented but belongs to no block")
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
		"with":  (*parser).with, "try": (*parser).try,
		"async": func(p *parser, start int) *Node { return p.async(start, nil) },
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

// skipCompound skips a compound statement without parsing it.
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

func (p *parser) async(start int, decorators []*Node) *Node {
	p.next()
	t := p.tok()
	if !p.isAny("def", "for", "with") {
		p.fail("`def`, `for` or `with` is expected here")
	}
	inner := compound[t.text](p, t.start)
	return &Node{Kind: Other, Name: "async", Start: start, End: inner.End, Kids: append(decorators, inner)}
}

// close ends a node at the parser's position.
func (n *Node) close(p *parser) *Node {
	n.End = p.lastEnd()
	return n
}

// block reads a colon and the block after it.
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

// ending returns a node whose last kid is a block.
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
		p.next() // the end of the line
	}
	switch {
	case p.is("def"):
		return p.def(start, decorators)
	case p.is("class"):
		return p.class(start, decorators)
	case p.is("async"):
		return p.async(start, decorators)
	}
	p.fail("`def` or `class` is expected here")
	return nil
}

func (p *parser) def(start int, kids []*Node) *Node {
	p.next()
	name := p.name()
	p.typeParams()
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

// typeParams skips the type parameters of a def or class, as in "def f[T](x: T)".
func (p *parser) typeParams() {
	if !p.is("[") {
		return
	}
	for depth := 0; !p.at(tokEOF); p.next() {
		switch {
		case p.is("["):
			depth++
		case p.is("]"):
			depth--
		}
		if depth == 0 {
			break
		}
	}
	p.want("]")
}

func (p *parser) class(start int, kids []*Node) *Node {
	p.next()
	name := p.name()
	p.typeParams()
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
	// Telling "with (a as x, b as y):" from "with (a):" takes unbounded
	// lookahead. Nobody rewrites these, so the tokens are enough.
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
