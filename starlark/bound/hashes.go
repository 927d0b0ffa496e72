package bound

import (
	"fmt"
	"iter"

	"go.starlark.net/starlark"
)

// fewHashes is the number of elements with one hash below which a table is fast
// enough.
const fewHashes = 256

// checkHashes refuses to make one table of the given values if hashing takes
// too long, and charges for the work. If pairs is true, a value that is not a
// dict holds pairs of a key and a value.
func checkHashes(thread *starlark.Thread, pairs bool, tables ...starlark.Value) error {
	m, l := meterOf(thread)
	n := 0
	s := scale{left: l.Bytes, depth: maxKey / nodeWeight}
	for key := range keysOf(pairs, tables) {
		n++
		if _, ok := key.(*starlark.List); ok {
			continue // the value has no hash
		}
		if !s.add(key) {
			return fmt.Errorf("the keys hold too many values for %s", l.For)
		}
	}
	if n <= fewHashes {
		return nil
	}
	work := collisions(keysOf(pairs, tables))
	if work > l.Bytes {
		return fmt.Errorf("too many of the %d keys have the same hash for %s", n, l.For)
	}
	return m.charge(thread, l, work)
}

// keysOf yields the keys that a table made of the given values gets.
func keysOf(pairs bool, tables []starlark.Value) iter.Seq[starlark.Value] {
	return func(yield func(starlark.Value) bool) {
		for _, t := range tables {
			it, ok := t.(starlark.Iterable)
			if !ok {
				continue
			}
			_, isDict := t.(*starlark.Dict)
			for e := range starlark.Elements(it) {
				if pair, ok := e.(starlark.Indexable); ok && pairs && !isDict && pair.Len() == 2 {
					e = pair.Index(0)
				}
				if !yield(e) {
					return
				}
			}
		}
	}
}

// collisions returns how many comparisons it takes to put keys in one table.
// The hash of a number is its lowest bits, so all numbers of a range with a
// large step have the same hash.
func collisions(keys iter.Seq[starlark.Value]) int {
	seen := make(map[uint32]int)
	total := 0
	for key := range keys {
		if h, err := key.Hash(); err == nil {
			total += seen[h]
			seen[h]++
		}
	}
	return total
}
