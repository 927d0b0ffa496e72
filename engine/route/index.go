package route

import (
	"net/netip"
	"slices"

	"github.com/ldcorn/ldcorn/engine/plan"
)

// An index finds the first of many matchers that takes a request, without
// asking most of them: each is entered under something that a request must
// have for it, and only those whose something is there are asked.
type index struct {
	matchers []*plan.Matcher

	others  places            // of matchers without a key
	methods map[string]places // of methods, paths, hosts
	paths   map[string]places
	hosts   map[string]places
	domains map[string]places // of the ends of hosts, from a dot on
	starts  *node[places]     // of starts of paths
	nets    map[netip.Prefix]places
	bits    []netLength // lengths of nets
	named   []*named
	names   map[string]*named // the same by kind and name, while matchers are added
}

// Places are matchers by their number, in order.
type places []int

// netLength is the length of the networks of one family.
type netLength struct {
	bits int
	is4  bool
}

// named are the matchers that want a header, a cookie or a parameter.
type named struct {
	kind   plan.MatcherKind
	name   string
	any    places            // whatever its value
	values map[string]places // for one value
	first  int               // the lowest of all
}

// add enters a matcher behind those before it.
func (x *index) add(m *plan.Matcher, i int) {
	x.matchers = append(x.matchers, m)
	ks := keys(m)
	if ks == nil {
		x.others = append(x.others, i)
	}
	for _, k := range ks {
		x.enter(k, i)
	}
}

func (x *index) enter(k key, i int) {
	switch k.by {
	case byMethod:
		put(&x.methods, k.value, i)
	case byPath:
		put(&x.paths, k.value, i)
	case byHost:
		put(&x.hosts, k.value, i)
	case byDomain:
		put(&x.domains, k.value, i)
	case byPrefix:
		if x.starts == nil {
			x.starts = &node[places]{}
		}
		at := x.starts.insert(k.value).at()
		*at = append(*at, i)
	case byClient:
		put(&x.nets, k.net, i)
		length := netLength{k.net.Bits(), k.net.Addr().Is4()}
		if !slices.Contains(x.bits, length) {
			x.bits = append(x.bits, length)
		}
	case byName, bySome:
		x.nameOf(k).enter(k, i)
	}
}

func put[K comparable](m *map[K]places, k K, i int) {
	if *m == nil {
		*m = make(map[K]places)
	}
	(*m)[k] = append((*m)[k], i)
}

// nameOf returns the place for matchers that want what the key names.
func (x *index) nameOf(k key) *named {
	id := string(k.kind) + " " + k.name
	n := x.names[id]
	if n == nil {
		if x.names == nil {
			x.names = make(map[string]*named)
		}
		n = &named{kind: k.kind, name: k.name, first: len(x.matchers) - 1}
		x.named, x.names[id] = append(x.named, n), n
	}
	return n
}

func (n *named) enter(k key, i int) {
	if k.by == byName {
		n.any = append(n.any, i)
		return
	}
	put(&n.values, k.value, i)
}

// finish completes the index once all matchers are in.
func (x *index) finish() {
	x.names = nil
	if x.starts != nil {
		x.starts.link(nil)
	}
}

// first returns the number of the first matcher that takes the request, or
// -1.
func (x *index) first(r plan.Request) int {
	s := search{x: x, r: r, best: len(x.matchers)}
	s.try(x.others)
	s.try(x.methods[string(r.Method())])
	s.path()
	s.host()
	s.client()
	for _, n := range x.named {
		if n.first < s.best {
			s.named(n)
		}
	}
	if s.best == len(x.matchers) {
		return -1
	}
	return s.best
}

// A search looks for the first matcher that takes a request.
type search struct {
	x    *index
	r    plan.Request
	best int // no later one is of interest
}

// try asks matchers until one takes the request.
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
	for h := s.x.starts.longest(lend(path)); h != nil; h = h.shorter {
		s.try(h.value)
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

// named asks the matchers that want a name, where it is there.
func (s *search) named(n *named) {
	switch n.kind {
	case plan.MatchHeader:
		there := false
		for v, at, ok := s.r.NextHeader(n.name, 0); ok; v, at, ok = s.r.NextHeader(n.name, at) {
			s.try(n.values[string(v)])
			there = true
		}
		if there {
			s.try(n.any)
		}
	case plan.MatchCookie:
		v, ok := s.r.Cookie(n.name)
		s.value(n, v, ok)
	case plan.MatchQuery:
		v, ok := s.r.Query(n.name)
		s.value(n, v, ok)
	}
}

// value asks the matchers that want a name, which has the value v.
func (s *search) value(n *named, v []byte, there bool) {
	if !there {
		return
	}
	// What a query gave is valid until a matcher asks for another: the map
	// first, then the matchers.
	values := n.values[string(v)]
	s.try(values)
	s.try(n.any)
}
