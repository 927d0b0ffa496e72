package route

import (
	"unsafe"

	"github.com/ldcorn/ldcorn/engine/match"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/radix"
)

// A Table maps a request to a T, which is the caller's representation of a
// group. It is immutable and safe for concurrent use. The zero Table matches
// nothing.
type Table[T any] struct {
	matchers match.Index // finds indexes of rules
	rules    []*entry[T]
	root     radix.Tree[candidates[T]] // route strings by literal
	strings  []*entry[T]               // route strings in the order written, for Explain
	fallback *entry[T]                 // route "*"
	cost     int                       // of all routes, for a request with ordinary texts
}

// ordinary is the length in bytes that a path, a header or a cookie can have
// without a search failing, whatever the number of routes.
const ordinary = 1 << 10

// Cost returns the maximum that a search spends for a request whose texts have
// an ordinary length. See match.Spender.
func (t *Table[T]) Cost() int { return t.cost }

// An entry is one route and its value.
type entry[T any] struct {
	route   *plan.Route
	pattern *match.Pattern // nil for a matcher
	value   T
	number  int // among all, in the order written
}

// candidates are the route strings that share a literal, in the order in which
// to try them.
type candidates[T any] struct {
	globs  []*entry[T] // first, in the order written
	prefix *entry[T]   // then this one, which takes every path that gets here
}

// Compile builds the table of a plan. It calls valueOf once for each group, in
// the order written. It keeps the plan, which must not change.
func Compile[T any](p *plan.Plan, valueOf func(name string) T) *Table[T] {
	t := &Table[T]{}
	n := 0
	for _, group := range p.Groups {
		value := valueOf(group.Name)
		for i := range group.Routes {
			t.add(&entry[T]{route: &group.Routes[i], pattern: group.Routes[i].Pattern(), value: value, number: n})
			n++
		}
	}
	t.root.Link()
	t.matchers.Finish()
	return t
}

// add adds a route after all those written before it.
func (t *Table[T]) add(e *entry[T]) {
	switch {
	case e.pattern == nil:
		t.cost += e.route.Cost(ordinary)
		t.matchers.Add(e.route.Matcher)
		t.rules = append(t.rules, e)
	case e.pattern.Kind == match.PatternAny:
		if t.fallback == nil {
			t.fallback = e
		}
	default:
		t.cost += e.pattern.PathCost(ordinary)
		t.root.At(e.pattern.Literal).add(e)
		t.strings = append(t.strings, e)
	}
}

// add appends a route. A route after a prefix is never reached.
func (c *candidates[T]) add(e *entry[T]) {
	switch {
	case c.prefix != nil:
	case e.pattern.Kind == match.PatternStart:
		c.prefix = e
	default:
		c.globs = append(c.globs, e)
	}
}

// Match returns the value of the first route, in order, that takes the request.
func (t *Table[T]) Match(r match.Request) (value T, ok bool) {
	if e := t.find(r); e != nil {
		return e.value, true
	}
	return value, false
}

// Find is like Match, but also returns the route, which is nil if none takes
// the request, and its number among all routes in the order written, from 0.
func (t *Table[T]) Find(r match.Request) (value T, found *plan.Route, number int) {
	if e := t.find(r); e != nil {
		return e.value, e.route, e.number
	}
	return value, nil, 0
}

func (t *Table[T]) find(r match.Request) *entry[T] {
	if i := t.matchers.First(r); i >= 0 {
		return t.rules[i]
	}
	return t.findString(r, lend(r.Path()))
}

// findString searches the route strings.
func (t *Table[T]) findString(r match.Request, path string) *entry[T] {
	for h := t.root.Longest(path); h != nil; h = h.Shorter() {
		for _, e := range h.Value.globs {
			if !match.Spend(r, e.pattern.PathCost(len(path))) {
				return nil
			}
			if e.pattern.Takes(path) {
				return e
			}
		}
		if h.Value.prefix != nil {
			return h.Value.prefix
		}
	}
	return t.fallback
}

// lend returns the bytes as a string without copying. The string lives for one
// lookup, during which nobody writes to the bytes.
func lend(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
