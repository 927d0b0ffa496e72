package match

import "net/netip"

// A trait is something that a request has, by which an index finds the matchers
// that may take it.
type trait struct {
	by    source
	field field        // of bySome and byName
	value string       // of the field, the path, its start, the host, its end or the method
	test  string       // of byTest; what tells one test from another
	net   netip.Prefix // of byClient
}

// A source is what a trait is about. The order is that of preference: fewer
// requests have one of the first.
type source uint8

const (
	bySome    source = iota // a field with a value
	byPath                  // the whole path
	byHost                  // the whole host
	byClient                // a network that the client is in
	byPrefix                // the start of the path
	byTest                  // the start of a path that passes a test
	byDomain                // the end of the host, from a dot on
	byName                  // a field with any value
	byMethod                // the method
	byNothing               // there is no trait
)

// maxTraits bounds the places that one matcher takes in an index.
const maxTraits = 256

// traitsOf returns the traits of a matcher, unless it has too many of them for
// an index.
func traitsOf(m Matcher) []trait {
	ts := m.traits()
	if len(ts) > maxTraits {
		return nil
	}
	return ts
}

// each makes a trait of each value.
func each[V any](values []V, of func(V) trait) []trait {
	out := make([]trait, len(values))
	for i, v := range values {
		out[i] = of(v)
	}
	return out
}

// rarer reports whether fewer requests have the traits a than have b, as far as
// that can be told.
func rarer(a, b []trait) bool {
	switch x, y := worst(a), worst(b); {
	case a == nil:
		return false
	case x != y:
		return x < y
	}
	return len(a) < len(b)
}

func worst(ts []trait) source {
	if len(ts) == 0 {
		return byNothing
	}
	out := bySome
	for _, t := range ts {
		by := t.by
		if by == byTest && len(t.value) <= 1 {
			by = byNothing // the start of every path
		}
		out = max(out, by)
	}
	return out
}
