package match

import (
	"net/netip"
	"slices"
)

// A Cover finds, among many matchers, the first that takes all requests that
// another matcher takes, without comparing most of them. Use NewCover: the zero
// Cover is not usable.
type Cover struct {
	c        *Comparer
	matchers []Matcher
	by       map[trait][]int
	others   []int        // matchers without traits
	lengths  map[int]bool // lengths of path prefixes
	bits     map[int]bool // prefix lengths of networks
	buf      []int
}

// NewCover returns a Cover without matchers. Its comparisons count for c.
func NewCover(c *Comparer) *Cover {
	return &Cover{c: c, by: make(map[trait][]int), lengths: make(map[int]bool), bits: make(map[int]bool)}
}

// Add adds a matcher after those added before.
func (x *Cover) Add(m Matcher) {
	i := len(x.matchers)
	x.matchers = append(x.matchers, m)
	ts := traitsOf(m)
	if ts == nil {
		x.others = append(x.others, i)
	}
	for _, t := range ts {
		switch t.by {
		case byPrefix:
			x.lengths[len(t.value)] = true
		case byTest: // takes the same test, or a path
			same := trait{by: byTest, test: t.test}
			x.by[same] = append(x.by[same], i)
			t.test = ""
			x.lengths[len(t.value)] = true
		case byClient:
			x.bits[t.net.Bits()] = true
		}
		x.by[t] = append(x.by[t], i)
	}
}

// First returns the number of the first added matcher that takes every request
// that b takes, or -1 if no matcher certainly does.
func (x *Cover) First(b Matcher) int {
	if x.c.GaveUp() {
		return -1
	}
	x.candidates(b)
	for _, i := range x.buf {
		if x.c.Implies(b, x.matchers[i]) {
			return i
		}
	}
	return -1
}

// candidates finds the numbers of the matchers that may take everything that b
// takes, in order.
func (x *Cover) candidates(b Matcher) {
	x.buf = append(x.buf[:0], x.others...)
	x.collect(b)
	slices.Sort(x.buf)
	x.buf = slices.Compact(x.buf)
}

// collect looks up the traits of one matcher. A matcher that takes everything
// that several take also takes everything that the first one takes.
func (x *Cover) collect(b Matcher) {
	switch b := b.(type) {
	case *all:
		for _, p := range b.parts {
			x.collect(p)
		}
	case *anyOf:
		x.collect(b.parts[0])
	default:
		if ts := b.traits(); len(ts) > 0 {
			x.lookUp(ts[0])
		}
	}
}

func (x *Cover) found(t trait) { x.buf = append(x.buf, x.by[t]...) }

// lookUp finds the matchers with a trait that every request with t has.
func (x *Cover) lookUp(t trait) {
	switch t.by {
	case byPath:
		x.found(t)
		x.starts(byPrefix, t.value)
		x.starts(byTest, t.value)
	case byPrefix:
		x.starts(byPrefix, t.value)
	case byTest:
		x.found(trait{by: byTest, test: t.test})
		x.starts(byPrefix, t.value)
	case byHost, byDomain:
		x.found(t)
		x.domains(t.value)
	case byClient:
		x.wider(t.net)
	case bySome:
		x.found(t)
		x.found(trait{by: byName, field: t.field})
	default:
		x.found(t)
	}
}

func (x *Cover) starts(by source, text string) {
	for n := range x.lengths {
		if n <= len(text) {
			x.found(trait{by: by, value: text[:n]})
		}
	}
}

func (x *Cover) domains(host string) {
	for i, c := range host {
		if c == '.' {
			x.found(trait{by: byDomain, value: host[i:]})
		}
	}
}

func (x *Cover) wider(net netip.Prefix) {
	for bits := range x.bits {
		if bits > net.Bits() {
			continue
		}
		if wider, err := net.Addr().Prefix(bits); err == nil {
			x.found(trait{by: byClient, net: wider})
		}
	}
}
