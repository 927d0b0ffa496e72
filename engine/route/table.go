package route

import (
	"unsafe"

	"github.com/ldcorn/ldcorn/engine/plan"
)

// A Table maps a request to a T, the caller's form of a group. It is immutable
// and safe for concurrent use. The zero Table matches nothing.
type Table[T any] struct {
	matchers index // into rules
	rules    []*entry[T]
	root     node[candidates[T]] // of string routes
	strings  []*entry[T]         // the same in the order written, to explain
	fallback *entry[T]           // of "*"
	cost     int                 // of all routes, for a request of ordinary texts
}

// ordinary is how long the path, a header or a cookie may be, in bytes, for a
// search to end whatever the number of routes is.
const ordinary = 256

// Cost returns what a search spends at most for a request whose texts have an
// ordinary length. See plan.Spender.
func (t *Table[T]) Cost() int { return t.cost }

// An entry is one route and where it leads.
type entry[T any] struct {
	route *plan.Route
	value T
}

// Candidates are the string routes that share a literal, in the order to try
// them.
type candidates[T any] struct {
	globs  []*entry[T] // first, in the order written
	prefix *entry[T]   // then this one, which takes every path that came here
}

// Compile builds the table of a plan. group is called once for each group, in
// the order written. The plan is kept and must not change.
func Compile[T any](p *plan.Plan, valueOf func(name string) T) *Table[T] {
	t := &Table[T]{}
	for _, group := range p.Groups {
		value := valueOf(group.Name)
		for i := range group.Routes {
			t.add(&entry[T]{route: &group.Routes[i], value: value})
		}
	}
	t.root.link(nil)
	t.matchers.finish()
	return t
}

// add enters a route behind all those written before it.
func (t *Table[T]) add(e *entry[T]) {
	switch e.route.Kind {
	case plan.RouteMatcher:
		t.cost += e.route.Matcher.Cost(ordinary)
		t.matchers.add(e.route.Matcher, len(t.rules))
		t.rules = append(t.rules, e)
	case plan.RouteAny:
		if t.fallback == nil {
			t.fallback = e
		}
	default:
		t.cost += plan.GlobCost(ordinary)
		t.root.insert(e.route.Literal).at().add(e)
		t.strings = append(t.strings, e)
	}
}

// add appends a route. Behind a prefix none is ever reached.
func (c *candidates[T]) add(e *entry[T]) {
	switch {
	case c.prefix != nil:
	case e.route.Kind == plan.RoutePrefix:
		c.prefix = e
	default:
		c.globs = append(c.globs, e)
	}
}

// Match returns what the first route in order that takes the request leads to.
func (t *Table[T]) Match(r plan.Request) (value T, ok bool) {
	if e := t.find(r); e != nil {
		return e.value, true
	}
	return value, false
}

// Find is Match for who also wants to know the route, which is nil where none
// takes the request.
func (t *Table[T]) Find(r plan.Request) (value T, found *plan.Route) {
	if e := t.find(r); e != nil {
		return e.value, e.route
	}
	return value, nil
}

func (t *Table[T]) find(r plan.Request) *entry[T] {
	if len(t.rules) > 0 {
		if i := t.matchers.first(r); i >= 0 {
			return t.rules[i]
		}
	}
	return t.findString(r, lend(r.Path()))
}

// findString looks among the string routes.
func (t *Table[T]) findString(r plan.Request, path string) *entry[T] {
	for h := t.root.longest(path); h != nil; h = h.shorter {
		if n := len(h.value.globs); n > 0 && !plan.Spend(r, n*plan.GlobCost(len(path))) {
			return nil
		}
		for _, e := range h.value.globs {
			if e.route.Match(path) {
				return e
			}
		}
		if h.value.prefix != nil {
			return h.value.prefix
		}
	}
	return t.fallback
}

// lend returns the bytes as a string. It lives for one look into the table,
// in which nobody writes to them.
func lend(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
