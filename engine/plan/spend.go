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
	case TestGlob, TestRegex:
		return Spend(r, t.cost(len(v))) && t.Match(v)
	}
	return t.Match(v)
}

// Cost returns what Match spends at most where every text of a request that
// the matcher looks at has that many bytes.
func (m *Matcher) Cost(bytes int) int {
	cost := m.Test.cost(bytes)
	if m.Kind == MatchPercent {
		cost += bytes
	}
	for _, part := range m.Parts {
		cost += part.Cost(bytes)
	}
	return cost
}

func (t *Test) cost(bytes int) int {
	switch t.Kind {
	case TestGlob:
		return GlobCost(bytes)
	case TestRegex:
		return regexUnits * bytes
	}
	return 0
}
