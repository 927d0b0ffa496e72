package match

import (
	"regexp/syntax"
	"strings"
)

// What it costs to hold a text against a pattern, in the units of a Spender.
//
// Most bytes are passed over eight at a time by a glob of the fast kinds. A
// regular expression is run by an automaton, which in the worst case is in each
// of its states with each byte of the text. Most texts fail sooner, but it is the
// client who chooses the text.
const (
	fastBytes    = 8  // of a fast glob, for a unit
	leastByte    = 32 // units for a byte of a regular expression
	instruction  = 8  // units for an instruction of one, and a byte
	regexStart   = 128
	manyStars    = 32 // of a glob, each of which may look through the whole text: a unit for a byte
	longLiteral  = 8  // bytes of a literal between stars that takes longer to find
	longUnits    = 2  // for a byte of a text in which one is looked for
	decodedUnits = 8  // for a byte of a parameter, which is decoded for each matcher that looks at it
)

// A price is what a pattern costs.
type price struct {
	start   int
	perByte int // 0 = one unit for fastBytes
}

// of is what a text of some bytes costs.
func (p price) of(bytes int) int {
	if p.perByte == 0 {
		return 1 + bytes/fastBytes
	}
	return p.start + p.perByte*bytes
}

// regexPrice returns that of a valid regular expression.
func regexPrice(expr string) price {
	parsed, err := syntax.Parse(expr, syntax.Perl)
	if err != nil {
		return price{regexStart, leastByte} // it was compiled before
	}
	prog, err := syntax.Compile(parsed.Simplify())
	if err != nil {
		return price{regexStart, leastByte}
	}
	return price{regexStart, max(leastByte, instruction*len(prog.Inst))}
}

// price is that of the stars and of what is between them.
func (t *starTest) price() price {
	p := price{start: 1, perByte: len(t.literals) / manyStars}
	for _, literal := range t.literals[1 : len(t.literals)-1] {
		if len(literal) > longLiteral && (t.separator == "" || !strings.Contains(literal, t.separator)) {
			p.perByte += longUnits
			break
		}
	}
	return p
}
