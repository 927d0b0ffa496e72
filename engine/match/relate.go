package match

import (
	"context"
	"slices"
)

// A Comparer finds out what is always true of two matchers. It says yes only if
// it is certain, and gives up after MaxComparisons or when its context ends.
type Comparer struct {
	ctx  context.Context
	left int // remaining comparisons; negative after giving up
}

// MaxComparisons bounds the work of one Comparer, so that a plan with many
// large matchers loads in time: that many comparisons take up to half a second.
const MaxComparisons = 1_000_000

// NewComparer returns a Comparer that gives up when ctx ends.
func NewComparer(ctx context.Context) *Comparer { return &Comparer{ctx, MaxComparisons} }

// GaveUp reports whether the Comparer stopped before it was done.
func (c *Comparer) GaveUp() bool { return c.left < 0 }

// step counts a comparison. It returns false if no more are allowed.
func (c *Comparer) step() bool {
	c.left--
	if c.left > 0 && c.left%1024 == 0 && c.ctx.Err() != nil {
		c.left = -1
	}
	return c.left >= 0
}

// Never says why no request can match a matcher, or returns "".
func (c *Comparer) Never(m Matcher) string { return m.never(c) }

// Implies reports whether a matches every request that b matches.
func (c *Comparer) Implies(b, a Matcher) bool {
	if !c.step() {
		return false
	}
	allA, _ := a.(*all)
	allB, _ := b.(*all)
	anyA, _ := a.(*anyOf)
	anyB, _ := b.(*anyOf)
	notA, _ := a.(*not)
	switch {
	case a.String() == b.String():
		return true
	case allA != nil:
		return everyPart(allA.parts, func(p Matcher) bool { return c.Implies(b, p) })
	case anyB != nil:
		return everyPart(anyB.parts, func(p Matcher) bool { return c.Implies(p, a) })
	case anyA != nil && slices.ContainsFunc(anyA.parts, func(p Matcher) bool { return c.Implies(b, p) }):
		return true
	case allB != nil:
		return slices.ContainsFunc(allB.parts, func(p Matcher) bool { return c.Implies(p, a) })
	case notA != nil:
		return c.Excludes(b, notA.part)
	}
	return b.within(c, a) || withinOther(b, a)
}

// Excludes reports whether no request matches both.
func (c *Comparer) Excludes(a, b Matcher) bool {
	if !c.step() {
		return false
	}
	allA, _ := a.(*all)
	allB, _ := b.(*all)
	anyA, _ := a.(*anyOf)
	anyB, _ := b.(*anyOf)
	notA, _ := a.(*not)
	notB, _ := b.(*not)
	switch {
	case anyA != nil:
		return everyPart(anyA.parts, func(p Matcher) bool { return c.Excludes(p, b) })
	case anyB != nil:
		return everyPart(anyB.parts, func(p Matcher) bool { return c.Excludes(a, p) })
	case notA != nil && c.Implies(b, notA.part), notB != nil && c.Implies(a, notB.part):
		return true
	case allA != nil:
		return slices.ContainsFunc(allA.parts, func(p Matcher) bool { return c.Excludes(p, b) })
	case allB != nil:
		return slices.ContainsFunc(allB.parts, func(p Matcher) bool { return c.Excludes(a, p) })
	}
	return a.apart(c, b) || apartFromOther(a, b) || apartFromOther(b, a)
}

// withinOther is within for matchers of different families.
func withinOther(b, a Matcher) bool {
	switch b := b.(type) {
	case *websocket: // always has a certain method
		a, ok := a.(*methods)
		return ok && a.has(handshakeMethod)
	case *percent: // always has the key
		a, ok := a.(*named)
		f, known := b.share.By.field()
		return ok && known && a.field == f && a.test.Kind == TestAny
	}
	return false
}

// apartFromOther is apart for matchers of different families.
func apartFromOther(a, b Matcher) bool {
	if _, ok := a.(*websocket); ok {
		b, ok := b.(*methods)
		return ok && !b.has(handshakeMethod)
	}
	return false
}

// everyPath matches all requests except OPTIONS *.
var everyPath = ofSpots("start", spotStart, []string{"/"})

// TakesEveryPath reports whether a matcher takes every request except OPTIONS
// *.
func TakesEveryPath(m Matcher) bool {
	if p, ok := m.(*Pattern); ok {
		lead, below := p.Below()
		return below && (lead == "" || lead == "/")
	}
	return NewComparer(context.Background()).Implies(everyPath, m)
}

// TakesOptionsStar reports whether a matcher that takes every path certainly
// takes OPTIONS *, too. (Its path would be "*", which does not begin with "/".)
func TakesOptionsStar(m Matcher) bool {
	if p, ok := m.(*Pattern); ok {
		lead, below := p.Below()
		return below && lead == ""
	}
	return NewComparer(context.Background()).Implies(Default(), m)
}

// everyOf reports whether so holds for each x with some y. Each pair counts as
// a step.
func everyOf[T any](c *Comparer, xs, ys []T, so func(x, y T) bool) bool {
	return !slices.ContainsFunc(xs, func(x T) bool {
		return !slices.ContainsFunc(ys, func(y T) bool { return c.step() && so(x, y) })
	})
}

// noneOf reports whether so holds for no x with any y. Each pair counts as a
// step.
func noneOf[T any](c *Comparer, xs, ys []T, so func(x, y T) bool) bool {
	return !slices.ContainsFunc(xs, func(x T) bool {
		return slices.ContainsFunc(ys, func(y T) bool { return !c.step() || so(x, y) })
	})
}
