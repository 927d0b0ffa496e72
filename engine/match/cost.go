package match

import (
	"regexp/syntax"
	"strings"
)

// These constants are the cost of matching a text against a pattern, in the
// units of a Spender.
//
// A glob of one of the fast kinds skips most bytes eight at a time. A regular
// expression is run by an automaton, which in the worst case visits each of its
// states for each byte of the text. Most texts fail sooner, but the client
// chooses the text.
const (
	fastBytes    = 8  // bytes that a fast glob matches in one unit
	leastByte    = 32 // least units per byte for a regular expression
	instruction  = 8  // units per instruction of a regular expression, and byte
	regexStart   = 128
	manyStars    = 32 // stars of a glob that cost one unit per byte, since each may scan the whole text
	longLiteral  = 8  // bytes from which a literal between stars takes longer to find
	longUnits    = 2  // units per byte to look for a long literal
	decodedUnits = 8  // units per byte of a parameter or a cookie, which each matcher decodes again
)

// A price is the cost of a pattern.
type price struct {
	start   int
	perByte int // 0 means one unit per fastBytes
}

// of returns the cost for a text of a number of bytes.
func (p price) of(bytes int) int {
	if p.perByte == 0 {
		return 1 + bytes/fastBytes
	}
	return p.start + p.perByte*bytes
}

// regexPrice returns the price of a valid regular expression.
func regexPrice(expr string) price {
	parsed, err := syntax.Parse(expr, syntax.Perl)
	if err != nil {
		return price{regexStart, leastByte} // cannot happen: it was compiled before
	}
	prog, err := syntax.Compile(parsed.Simplify())
	if err != nil {
		return price{regexStart, leastByte}
	}
	return price{regexStart, max(leastByte, instruction*len(prog.Inst))}
}

// price returns the price of the stars and the literals between them.
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
