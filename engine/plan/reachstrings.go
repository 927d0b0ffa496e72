package plan

// stringRoutes are the routes added so far that are strings, by what another
// one would have to have to come before a later one.
type stringRoutes struct {
	places     []Place
	patterns   map[string]int // the first of each pattern
	literals   map[string]int // the first that takes everything below a literal
	defaults   []int          // those that are "*"
	everything []int          // the others that take every path
}

// add adds a route behind those written before it. It returns the problem of
// one that the first of them takes the requests of.
func (s *stringRoutes) add(here Place) (Problem, bool) {
	if s.patterns == nil {
		s.patterns, s.literals = make(map[string]int), make(map[string]int)
	}
	defer s.enter(here)
	r := here.Route
	if r.Kind == RouteAny { // several "*" have a warning of their own
		if len(s.everything) == 0 {
			return Problem{}, false
		}
		return neverReached(here, s.places[s.everything[0]]), true
	}
	first, found := s.patterns[r.Pattern]
	// Where the longest literal wins, only one as long comes before it.
	if i, ok := s.literals[r.Literal]; ok && (!found || i < first) {
		first, found = i, true
	}
	// A route that takes everything leaves nothing for "*", in any order.
	if len(s.defaults) > 0 && r.takesAll() && (!found || s.defaults[0] < first) {
		return neverReached(s.places[s.defaults[0]], here), true
	}
	if !found {
		return Problem{}, false
	}
	return neverReached(here, s.places[first]), true
}

func (s *stringRoutes) enter(here Place) {
	r, i := here.Route, len(s.places)
	s.places = append(s.places, here)
	if r.Kind == RouteAny {
		s.defaults = append(s.defaults, i)
		return
	}
	if r.takesAll() {
		s.everything = append(s.everything, i)
	}
	first(s.patterns, r.Pattern, i)
	if lead, below := r.everythingBelow(); below {
		first(s.literals, lead, i)
	}
}

func first(m map[string]int, key string, i int) {
	if _, ok := m[key]; !ok {
		m[key] = i
	}
}
