package bound

import (
	"fmt"
	"iter"

	"go.starlark.net/starlark"
)

// Below so many elements of one hash a table is fast enough.
const fewHashes = 256

// checkHashes refuses what becomes one table where hashing takes too long,
// and charges for the rest. Pairs says that what is no dict holds pairs of a
// key and a value.
func checkHashes(thread *starlark.Thread, pairs bool, tables ...starlark.Value) error {
	m, l := meterOf(thread)
	n := 0
	s := scale{left: l.Bytes, depth: maxKey / nodeWeight}
	for key := range keysOf(pairs, tables) {
		n++
		if _, ok := key.(*starlark.List); ok {
			continue // it has no hash
		}
		if !s.add(key) {
			return fmt.Errorf("the keys have too much in them for %s", l.For)
		}
	}
	if n <= fewHashes {
		return nil
	}
	work := collisions(keysOf(pairs, tables))
	if work > l.Bytes {
		return fmt.Errorf("too many of %d keys have the same hash for %s", n, l.For)
	}
	return m.charge(thread, l, work)
}

// keysOf goes through the keys that a table gets from what it is made of.
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

// collisions returns how many comparisons it takes to put keys in one table:
// the hash of a number is its lowest bits, so that a range of a large step
// has one hash for all.
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
