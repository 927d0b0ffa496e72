package plan

import (
	"net/netip"
	"strings"
)

// A spot is the paths that one value of a matcher takes, as far as they can
// be compared.
type spot struct {
	kind spotKind
	text string // the path, the prefix or the start
	test *Test  // of spotTest
}

type spotKind uint8

const (
	spotPath  spotKind = iota // this path
	spotBelow                 // it and what is below
	spotStart                 // what starts so
	spotTest                  // what starts so and passes the test
)

func (m *Matcher) isOfPath() bool {
	switch m.Kind {
	case MatchPath, MatchPrefix, MatchGlob, MatchRegex, matchStart:
		return true
	}
	return false
}

// spots are the paths of a matcher that is about them.
func (m *Matcher) spots() []spot {
	kind := map[MatcherKind]spotKind{MatchPath: spotPath, MatchPrefix: spotBelow, matchStart: spotStart}[m.Kind]
	if m.Kind == MatchGlob || m.Kind == MatchRegex {
		return []spot{{kind: spotTest, text: m.Test.Literal(), test: &m.Test}}
	}
	out := make([]spot, len(m.Values))
	for i, v := range m.Values {
		out[i] = spot{kind: kind, text: v}
	}
	return out
}

// within reports whether every path of s is one of t.
func (s spot) within(t spot) bool {
	switch t.kind {
	case spotPath:
		return s.kind == spotPath && s.text == t.text
	case spotBelow:
		if !below(s.text, t.text) {
			return false
		}
		// What only starts so may go on with the same segment.
		return s.kind == spotPath || s.kind == spotBelow || len(s.text) > len(t.text) || strings.HasSuffix(t.text, "/")
	case spotStart:
		return strings.HasPrefix(s.text, t.text)
	}
	if s.kind == spotPath {
		return t.test.Match([]byte(s.text))
	}
	return s.kind == spotTest && s.test.Kind == t.test.Kind && s.test.Text == t.test.Text
}

// meets reports whether a path of s may be one of t.
func (s spot) meets(t spot) bool {
	if s.kind == spotPath {
		return t.takes(s.text)
	}
	if t.kind == spotPath {
		return s.takes(t.text)
	}
	if s.kind == spotBelow && t.kind == spotBelow {
		return below(s.text, t.text) || below(t.text, s.text)
	}
	return strings.HasPrefix(s.text, t.text) || strings.HasPrefix(t.text, s.text)
}

// takes reports whether a path is one of s.
func (s spot) takes(path string) bool {
	switch s.kind {
	case spotPath:
		return path == s.text
	case spotBelow:
		return below(path, s.text)
	case spotStart:
		return strings.HasPrefix(path, s.text)
	}
	return s.test.Match([]byte(path))
}

// netWithin reports whether every address of x is one of y.
func netWithin(x, y netip.Prefix) bool { return y.Bits() <= x.Bits() && y.Contains(x.Addr()) }

func netsMeet(x, y netip.Prefix) bool { return x.Overlaps(y) }
