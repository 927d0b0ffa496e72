package pyast

import "strings"

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

// targets reads what a for assigns to.
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

// namedExpr reads an expression that may be a walrus.
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

// levels are the binary operators, from those that bind least.
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
			p.fail("an argument without a name follows one with a name")
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

// entry reads an entry of a dict, or an element of a set.
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

// comprehension reads the clauses after an element. An async one becomes an
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

// condition reads one of a comprehension.
func (p *parser) condition() *Node {
	x := p.or()
	if x.Kind == Name && p.accept(":=") {
		return p.node(Walrus, x.Start, x, p.or()).close(p)
	}
	return x
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

// strings reads a string, or several beside each other.
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
