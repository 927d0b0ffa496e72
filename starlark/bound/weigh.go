package bound

import (
	"go.starlark.net/starlark"
	"go.starlark.net/starlarkstruct"
)

// These are the weights of the nodes of a value, without the bytes of their
// text. A value of one of ldcorn's types is short when written.
const (
	nodeWeight  = Element
	otherWeight = 4 * Element
	entryWeight = 2 * Element
)

// A scale adds up the weight of a value as it walks the value. A part that is
// held several times counts several times, as it does when the value is
// compared, hashed or written. The scale stops when left falls below 0.
type scale struct {
	left  int // weight that is still allowed
	depth int // levels that are still allowed
}

// weigh returns the weight of values. It reports false if they weigh more than
// limit or nest deeper than depth.
func weigh(limit, depth int, values ...starlark.Value) (int, bool) {
	s := scale{limit, depth}
	for _, v := range values {
		if !s.add(v) {
			return limit, false
		}
	}
	return limit - s.left, true
}

// flat reports whether a value holds no other values, and returns its weight.
func flat(v starlark.Value) (int, bool) {
	switch v := v.(type) {
	case starlark.String:
		return nodeWeight + len(v), true
	case starlark.Bytes:
		return nodeWeight + len(v), true
	case starlark.Int:
		return nodeWeight + bitLen(v)/8, true
	case starlark.NoneType, starlark.Bool, starlark.Float:
		return nodeWeight, true
	case starlark.Tuple, *starlark.List, *starlark.Dict, *starlark.Set, *starlarkstruct.Struct:
		return 0, false
	}
	return otherWeight, true
}

func bitLen(i starlark.Int) int {
	if _, ok := i.Int64(); ok {
		return 64
	}
	return i.BigInt().BitLen()
}

func (s *scale) add(v starlark.Value) bool {
	if w, ok := flat(v); ok {
		s.left -= w
		return s.left >= 0
	}
	if s.left -= nodeWeight; s.left < 0 || s.depth == 0 {
		return false
	}
	s.depth--
	ok := s.parts(v)
	s.depth++
	return ok
}

// parts adds the weight of the parts of a value.
func (s *scale) parts(v starlark.Value) bool {
	switch v := v.(type) {
	case starlark.Tuple:
		for _, e := range v {
			if !s.add(e) {
				return false
			}
		}
	case *starlark.List:
		for i := range v.Len() {
			if !s.add(v.Index(i)) {
				return false
			}
		}
	case *starlark.Set:
		return s.each(v)
	case *starlark.Dict:
		if s.left -= times(v.Len(), entryWeight); s.left < 0 {
			return false
		}
		for key, val := range v.Entries() {
			if !s.add(key) || !s.add(val) {
				return false
			}
		}
	case *starlarkstruct.Struct:
		for _, name := range v.AttrNames() {
			s.left -= len(name)
			if a, err := v.Attr(name); err == nil && !s.add(a) {
				return false
			}
		}
	}
	return s.left >= 0
}

func (s *scale) each(v starlark.Iterable) bool {
	for e := range starlark.Elements(v) {
		if !s.add(e) {
			return false
		}
	}
	return true
}

// count returns the number of elements of a value, but at most limit+1. A value
// that cannot be iterated over has none.
func count(v starlark.Value, limit int) int {
	if n := starlark.Len(v); n >= 0 {
		return n
	}
	it, ok := v.(starlark.Iterable)
	if !ok {
		return 0
	}
	n := 0
	for range starlark.Elements(it) {
		if n++; n > limit {
			break
		}
	}
	return n
}
