package plan

// A Spender is a Request that bounds what it costs to match it. The work of a
// pattern grows with the text that a client has chosen, and there may be as
// many patterns as routes.
type Spender interface {
	// Spend notes work, in units of about a nanosecond. It is false once the
	// request has used up what it may cost: nothing matches it then, and it
	// must be refused.
	Spend(units int) bool
}

// Spend spends of a request, where that bounds it.
func Spend(r Request, units int) bool {
	s, ok := r.(Spender)
	return !ok || s.Spend(units)
}

// What a byte of text costs: a regular expression is run by an automaton, most
// bytes of a glob are passed over eight at a time.
const (
	regexUnits = 32
	globBytes  = 8 // for a unit
)

// GlobCost is what it costs to hold a text of some bytes against a glob.
func GlobCost(bytes int) int { return 1 + bytes/globBytes }

// matches is Match, paid for by a request.
func (t *Test) matches(r Request, v []byte) bool {
	switch t.Kind {
	case TestGlob:
		return Spend(r, GlobCost(len(v))) && t.Match(v)
	case TestRegex:
		return Spend(r, regexUnits*len(v)) && t.Match(v)
	}
	return t.Match(v)
}
