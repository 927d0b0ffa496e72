package plan

import "github.com/ldcorn/ldcorn/engine/match"

// stringRoutes are the route strings added so far, indexed by what decides
// which of them precedes a later one.
type stringRoutes struct {
	places     []Place
	patterns   map[string]int // the first route with each pattern
	literals   map[string]int // the first route that takes everything below a literal
	defaults   []int          // routes that are "*"
	everything []int          // other routes that take every path
}

// add adds a route after those written before it. If the first of them takes
// the route's requests, add returns the problem.
func (s *stringRoutes) add(here Place, p *match.Pattern) (Problem, bool) {
	if s.patterns == nil {
		s.patterns, s.literals = make(map[string]int), make(map[string]int)
	}
	defer s.enter(here, p)
	if p.Kind == match.PatternAny { // a second "*" has a warning of its own
		if len(s.everything) == 0 {
			return Problem{}, false
		}
		return neverReached(here, s.places[s.everything[0]]), true
	}
	first, found := s.patterns[p.Text]
	// The longest literal wins, so only a route with an equally long one precedes it.
	if i, ok := s.literals[p.Literal]; ok && (!found || i < first) {
		first, found = i, true
	}
	// A route that takes everything leaves nothing for "*", whatever the order.
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
