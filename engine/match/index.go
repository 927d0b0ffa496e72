package match

import (
	"net/netip"
	"slices"

	"github.com/ldcorn/ldcorn/engine/radix"
)

// An Index finds, among many matchers, the first that takes a request, without
// trying most of them: each matcher is indexed by traits of which every
// matching request has at least one, and only matchers with a trait of the
// request are tried. Once finished, an Index is safe for concurrent use. The
// zero Index has no matchers.
type Index struct {
	matchers []Matcher

	others  places            // matchers without traits
	methods map[string]places // by method, path and host
	paths   map[string]places
	hosts   map[string]places
	domains map[string]places   // by the end of a host, starting at a dot
	starts  *radix.Tree[places] // by the start of a path
	nets    map[netip.Prefix]places
	bits    []netLength // lengths of nets
	fields  []*fieldPlaces
	byField map[field]*fieldPlaces // the same by field, while matchers are added
}

// places are numbers of matchers, in order.
type places []int

// A netLength is the prefix length of networks of one address family.
type netLength struct {
	bits int
	is4  bool
}

// fieldPlaces are the matchers that need a header, a cookie or a parameter.
type fieldPlaces struct {
	field  field
	any    places            // matchers that accept any value
	values map[string]places // matchers that need a particular value
	first  int               // the lowest number of all
}

// Len returns how many matchers were added.
func (x *Index) Len() int { return len(x.matchers) }

// Add adds a matcher after those added before.
func (x *Index) Add(m Matcher) {
	i := len(x.matchers)
	x.matchers = append(x.matchers, m)
	ts := traitsOf(m)
	if ts == nil {
		x.others = append(x.others, i)
	}
	for _, t := range ts {
		x.enter(t, i)
	}
}

func (x *Index) enter(t trait, i int) {
	switch t.by {
	case byMethod:
		put(&x.methods, t.value, i)
	case byPath:
		put(&x.paths, t.value, i)
	case byHost:
		put(&x.hosts, t.value, i)
	case byDomain:
		put(&x.domains, t.value, i)
	case byPrefix, byTest:
		if x.starts == nil {
			x.starts = &radix.Tree[places]{}
		}
		at := x.starts.At(t.value)
		*at = append(*at, i)
	case byClient:
		put(&x.nets, t.net, i)
		length := netLength{t.net.Bits(), t.net.Addr().Is4()}
		if !slices.Contains(x.bits, length) {
			x.bits = append(x.bits, length)
		}
	case byName, bySome:
		x.placesOf(t.field).enter(t, i)
	}
}

func put[K comparable](m *map[K]places, k K, i int) {
	if *m == nil {
		*m = make(map[K]places)
	}
	(*m)[k] = append((*m)[k], i)
}

// placesOf returns the places of matchers that need a field.
func (x *Index) placesOf(f field) *fieldPlaces {
	n := x.byField[f]
	if n == nil {
		if x.byField == nil {
			x.byField = make(map[field]*fieldPlaces)
		}
		n = &fieldPlaces{field: f, first: len(x.matchers) - 1}
		x.fields, x.byField[f] = append(x.fields, n), n
	}
	return n
}

func (n *fieldPlaces) enter(t trait, i int) {
	if t.by == byName {
		n.any = append(n.any, i)
		return
	}
	put(&n.values, t.value, i)
}

// Finish completes the index once all matchers have been added.
func (x *Index) Finish() {
	x.byField = nil
	if x.starts != nil {
		x.starts.Link()
	}
}

// First returns the number of the first matcher that takes the request, or -1.
func (x *Index) First(r Request) int {
	if len(x.matchers) == 0 {
		return -1
	}
	s := search{x: x, r: r, best: len(x.matchers)}
	s.try(x.others)
	s.try(x.methods[string(r.Method())])
	s.path()
	s.host()
	s.client()
	for _, n := range x.fields {
		if n.first < s.best {
			s.field(n)
		}
	}
	if s.best == len(x.matchers) {
		return -1
	}
	return s.best
}

// A search looks for the first matcher that takes a request.
type search struct {
	x    *Index
	r    Request
	best int // the best match so far; later matchers do not matter
}

// try tries matchers until one takes the request.
func (s *search) try(p places) {
	for _, i := range p {
		if i >= s.best {
			return
		}
		if s.x.matchers[i].Match(s.r) {
			s.best = i
			return
		}
	}
}

func (s *search) path() {
	if s.x.paths == nil && s.x.starts == nil {
		return
	}
	path := s.r.Path()
	s.try(s.x.paths[string(path)])
	if s.x.starts == nil {
		return
	}
	for h := s.x.starts.Longest(lend(path)); h != nil; h = h.Shorter() {
		s.try(h.Value)
	}
}

func (s *search) host() {
	if s.x.hosts == nil && s.x.domains == nil {
		return
	}
	host := s.r.Host()
	s.try(s.x.hosts[string(host)])
	if s.x.domains == nil {
		return
	}
	for i, c := range host {
		if c == '.' && i > 0 {
			s.try(s.x.domains[string(host[i:])])
		}
	}
}

func (s *search) client() {
	if s.x.nets == nil {
		return
	}
	ip := s.r.ClientIP().Unmap()
	for _, l := range s.x.bits {
		if !ip.IsValid() || ip.Is4() != l.is4 {
			continue
		}
		if net, err := ip.Prefix(l.bits); err == nil {
			s.try(s.x.nets[net])
		}
	}
}

// field tries the matchers that need a field, if the request has it.
func (s *search) field(n *fieldPlaces) {
	if n.field.in == inHeader {
		there := false
		for v, at, ok := s.r.NextHeader(n.field.name, 0); ok; v, at, ok = s.r.NextHeader(n.field.name, at) {
			s.try(n.values[string(v)])
			there = true
		}
		if there {
			s.try(n.any)
		}
		return
	}
	v, ok := n.field.value(s.r)
	if !ok {
		return
	}
	// The value of a query or a cookie is valid only until a matcher asks for another: look
	// up the map first, then try the matchers.
	values := n.values[string(v)]
	s.try(values)
	s.try(n.any)
}
