package match

import "net/netip"

// A trait is a property of a request, by which an index finds the matchers that
// may take it.
type trait struct {
	by    source
	field field        // for bySome and byName
	value string       // the value of the field, path, host or method, the start of the path or the end of the host
	test  string       // for byTest: distinguishes tests
	net   netip.Prefix // for byClient
}

// A source is the kind of a trait, in order of preference: fewer requests share
// a trait of an earlier kind.
type source uint8

const (
	bySome    source = iota // a field with a value
	byPath                  // the whole path
	byHost                  // the whole host
	byClient                // a network that the client is in
	byPrefix                // the start of the path
	byTest                  // the start of a path that must pass a test
	byDomain                // the end of the host, starting at a dot
	byName                  // a field with any value
	byMethod                // the method
	byNothing               // there is no trait
)

// maxTraits bounds the entries of one matcher in an index.
const maxTraits = 256

// traitsOf returns the traits of a matcher, or nil if it has too many for an
// index.
func traitsOf(m Matcher) []trait {
	ts := m.traits()
	if len(ts) > maxTraits {
		return nil
	}
	return ts
}

// each returns the trait of each value.
func each[V any](values []V, of func(V) trait) []trait {
	out := make([]trait, len(values))
	for i, v := range values {
		out[i] = of(v)
	}
	return out
}

// rarer reports whether, as far as is known, fewer requests have the traits a
// than the traits b.
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
