package route

import (
	"unsafe"

	"github.com/ldcorn/ldcorn/engine/plan"
)

// A Table maps a path to a T, the caller's form of a pool. It is immutable
// and safe for concurrent use. The zero Table matches nothing.
type Table[T any] struct {
	root     node[T]
	fallback *entry[T] // of "*"
}

// An entry is one route and where it leads.
type entry[T any] struct {
	route *plan.Route
	value T
}

// Compile builds the table of a plan. pool is called once for each pool, in
// the order written. The plan is kept and must not change.
func Compile[T any](p *plan.Plan, pool func(name string) T) *Table[T] {
	t := &Table[T]{}
	for _, group := range p.Pools {
		value := pool(group.Name)
		for i := range group.Routes {
			t.add(&entry[T]{route: &group.Routes[i], value: value})
		}
	}
	t.root.link(nil)
	return t
}

// add enters a route behind all those written before it.
func (t *Table[T]) add(e *entry[T]) {
	if e.route.Kind != plan.RouteAny {
		t.root.insert(e.route.Literal).add(e)
		return
	}
	if t.fallback == nil {
		t.fallback = e
	}
}

// Match returns what the first route in order that takes the path leads to.
// path is the decoded path, as the app will see it, and is not kept.
func (t *Table[T]) Match(path []byte) (value T, ok bool) {
	if e := t.find(path); e != nil {
		return e.value, true
	}
	return value, false
}

func (t *Table[T]) find(path []byte) *entry[T] {
	// The string lives for this call only, in which nobody writes to path.
	text := unsafe.String(unsafe.SliceData(path), len(path))
	for c := t.root.longest(text); c != nil; c = c.shorter {
		for _, e := range c.globs {
			if e.route.Match(text) {
				return e
			}
		}
		if c.prefix != nil {
			return c.prefix
		}
	}
	return t.fallback
}
