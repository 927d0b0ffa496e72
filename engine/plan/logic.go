package plan

import (
	"context"
	"slices"
	"strings"
)

// Logic compares matchers for what is always so of them. It says yes only
// where it is sure, and gives up when it has compared maxLogic times, or its
// context has ended.
type logic struct {
	ctx   context.Context
	steps int // that are left; below 0 it has given up
}

// maxLogic bounds the comparisons of one plan, so that one of many large
// matchers is read in time: they take up to half a second.
const maxLogic = 1_000_000

func newLogic(ctx context.Context) *logic { return &logic{ctx, maxLogic} }

// step counts a comparison. It reports false when there may be no more.
func (l *logic) step() bool {
	l.steps--
	if l.steps > 0 && l.steps%1024 == 0 && l.ctx.Err() != nil {
		l.steps = -1
	}
	return l.steps >= 0
}

// gaveUp reports whether there were more comparisons to make.
func (l *logic) gaveUp() bool { return l.steps < 0 }

// matchStart is the kind of a string route that is a prefix: a start of the
// path, whatever follows.
const matchStart MatcherKind = ""

// asMatcher returns what a string route by itself takes, but for "*".
func (r *Route) asMatcher() *Matcher {
	switch r.Kind {
	case RouteMatcher:
		return r.Matcher
	case RouteGlob:
		return &Matcher{Kind: MatchGlob, Test: Test{Kind: TestGlob, Text: r.Pattern, glob: r.glob}, text: "glob " + r.Pattern}
	}
	return &Matcher{Kind: matchStart, Values: []string{r.Literal}, text: "start " + r.Literal}
}

// everyPath is what all requests match but OPTIONS *.
var everyPath = &Matcher{Kind: matchStart, Values: []string{"/"}, text: "start /"}

// implies reports whether every request that b matches, a matches too.
func (l *logic) implies(b, a *Matcher) bool {
	if !l.step() {
		return false
	}
	switch {
	case a.text == b.text:
		return true
	case a.Kind == MatchAll:
		return l.all(a.Parts, func(p *Matcher) bool { return l.implies(b, p) })
	case b.Kind == MatchAny:
		return l.all(b.Parts, func(p *Matcher) bool { return l.implies(p, a) })
	case a.Kind == MatchAny && slices.ContainsFunc(a.Parts, func(p *Matcher) bool { return l.implies(b, p) }):
		return true
	case b.Kind == MatchAll:
		return slices.ContainsFunc(b.Parts, func(p *Matcher) bool { return l.implies(p, a) })
	case a.Kind == MatchNot:
		return l.disjoint(b, a.Parts[0])
	}
	return l.impliesAlone(b, a)
}

// disjoint reports whether no request matches both.
func (l *logic) disjoint(a, b *Matcher) bool {
	if !l.step() {
		return false
	}
	switch {
	case a.Kind == MatchAny:
		return l.all(a.Parts, func(p *Matcher) bool { return l.disjoint(p, b) })
	case b.Kind == MatchAny:
		return l.all(b.Parts, func(p *Matcher) bool { return l.disjoint(a, p) })
	case a.Kind == MatchNot && l.implies(b, a.Parts[0]), b.Kind == MatchNot && l.implies(a, b.Parts[0]):
		return true
	case a.Kind == MatchAll:
		return slices.ContainsFunc(a.Parts, func(p *Matcher) bool { return l.disjoint(p, b) })
	case b.Kind == MatchAll:
		return slices.ContainsFunc(b.Parts, func(p *Matcher) bool { return l.disjoint(a, p) })
	}
	return l.disjointAlone(a, b)
}

func (l *logic) all(parts []*Matcher, holds func(*Matcher) bool) bool {
	return !slices.ContainsFunc(parts, func(p *Matcher) bool { return !holds(p) })
}

// impliesAlone is implies for matchers without parts.
func (l *logic) impliesAlone(b, a *Matcher) bool {
	switch {
	case a.isOfPath() && b.isOfPath():
		return everyOf(l, b.spots(), a.spots(), spot.within)
	case a.Kind == MatchHost && b.Kind == MatchHost:
		return everyOf(l, b.Values, a.Values, hostWithin)
	case a.Kind == MatchMethod && b.Kind == MatchMethod:
		return everyOf(l, b.Values, a.Values, func(x, y string) bool { return x == y })
	case a.Kind == MatchMethod && b.Kind == MatchWebsocket:
		return slices.Contains(a.Values, "GET")
	case a.Kind == MatchClientIP && b.Kind == MatchClientIP:
		return everyOf(l, b.Nets, a.Nets, netWithin)
	case b.Kind == MatchPercent && a.Kind == MatchPercent:
		return a.Share.By == b.Share.By && a.Share.Salt == b.Share.Salt && b.Share.Percent <= a.Share.Percent
	case b.Kind == MatchPercent:
		return a.Test.Kind == TestAny && (a.Kind == MatchCookie && b.Share.By == Key{KeyCookie, a.Name} ||
			a.Kind == MatchHeader && b.Share.By == Key{KeyHeader, a.Name})
	case a.isNamed() && a.Kind == b.Kind && a.Name == b.Name:
		return b.Test.within(&a.Test)
	}
	return false
}

// disjointAlone is disjoint for matchers without parts.
func (l *logic) disjointAlone(a, b *Matcher) bool {
	switch {
	case a.isOfPath() && b.isOfPath():
		return noneOf(l, a.spots(), b.spots(), spot.meets)
	case a.Kind == MatchHost && b.Kind == MatchHost:
		return noneOf(l, a.Values, b.Values, func(x, y string) bool { return hostWithin(x, y) || hostWithin(y, x) })
	case a.Kind == MatchMethod && b.Kind == MatchMethod:
		return noneOf(l, a.Values, b.Values, func(x, y string) bool { return x == y })
	case a.Kind == MatchMethod && b.Kind == MatchWebsocket:
		return !slices.Contains(a.Values, "GET")
	case a.Kind == MatchWebsocket && b.Kind == MatchMethod:
		return !slices.Contains(b.Values, "GET")
	case a.Kind == MatchClientIP && b.Kind == MatchClientIP:
		return noneOf(l, a.Nets, b.Nets, netsMeet)
	case (a.Kind == MatchCookie || a.Kind == MatchQuery) && a.Kind == b.Kind && a.Name == b.Name:
		return a.Test.excludes(&b.Test) || b.Test.excludes(&a.Test)
	}
	return false
}

// everyOf reports whether each x is so to some y. Each pair is a step.
func everyOf[T any](l *logic, xs, ys []T, so func(x, y T) bool) bool {
	return !slices.ContainsFunc(xs, func(x T) bool {
		return !slices.ContainsFunc(ys, func(y T) bool { return l.step() && so(x, y) })
	})
}

// noneOf reports whether no x is so to any y, likewise.
func noneOf[T any](l *logic, xs, ys []T, so func(x, y T) bool) bool {
	return !slices.ContainsFunc(xs, func(x T) bool {
		return slices.ContainsFunc(ys, func(y T) bool { return !l.step() || so(x, y) })
	})
}

func (m *Matcher) isNamed() bool {
	return m.Kind == MatchHeader || m.Kind == MatchCookie || m.Kind == MatchQuery
}

// within reports whether every value that passes t passes u.
func (t *Test) within(u *Test) bool {
	switch {
	case u.Kind == TestAny, t.Kind == u.Kind && t.Text == u.Text:
		return true
	}
	return t.Kind == TestEqual && u.Match([]byte(t.Text))
}

// excludes reports whether what t asks for does not pass u.
func (t *Test) excludes(u *Test) bool { return t.Kind == TestEqual && !u.Match([]byte(t.Text)) }

// hostWithin reports whether every host of x is one of y.
func hostWithin(x, y string) bool {
	if x[0] == '*' {
		return y[0] == '*' && strings.HasSuffix(x[1:], y[1:])
	}
	return hostMatches(x, y)
}
