package plan

import "github.com/ldcorn/ldcorn/engine/match"

// stringRoutes are the route strings added so far, by what decides which of them
// comes before a later one.
type stringRoutes struct {
	places     []Place
	patterns   map[string]int // the first of each pattern
	literals   map[string]int // the first that takes everything below a literal
	defaults   []int          // those that are "*"
	everything []int          // the others that take every path
}

// add adds a route behind those written before it. It returns the problem of
// a route whose requests the first of them takes.
func (s *stringRoutes) add(here Place, p *match.Pattern) (Problem, bool) {
	if s.patterns == nil {
		s.patterns, s.literals = make(map[string]int), make(map[string]int)
	}
	defer s.enter(here, p)
	if p.Kind == match.PatternAny { // several "*" have a warning of their own
		if len(s.everything) == 0 {
			return Problem{}, false
		}
		return neverReached(here, s.places[s.everything[0]]), true
	}
	first, found := s.patterns[p.Text]
	// Where the longest literal wins, only one as long comes before it.
	if i, ok := s.literals[p.Literal]; ok && (!found || i < first) {
		first, found = i, true
	}
	// A route that takes everything leaves nothing for "*", in any order.
	if len(s.defaults) > 0 && match.TakesEveryPath(p) && (!found || s.defaults[0] < first) {
		return neverReached(s.places[s.defaults[0]], here), true
	}
	if !found {
		return Problem{}, false
	}
	return neverReached(here, s.places[first]), true
}

func (s *stringRoutes) enter(here Place, p *match.Pattern) {
	i := len(s.places)
	s.places = append(s.places, here)
	if p.Kind == match.PatternAny {
		s.defaults = append(s.defaults, i)
		return
	}
	if match.TakesEveryPath(p) {
		s.everything = append(s.everything, i)
	}
	first(s.patterns, p.Text, i)
	if lead, below := p.Below(); below {
		first(s.literals, lead, i)
	}
}

func first(m map[string]int, key string, i int) {
	if _, ok := m[key]; !ok {
		m[key] = i
	}
}
