package match

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// Path matches the given paths.
func Path(paths ...string) Matcher { return ofSpots("path", spotPath, paths) }

// Prefix matches the paths that begin with all segments of one of the prefixes.
func Prefix(prefixes ...string) Matcher { return ofSpots("prefix", spotBelow, prefixes) }

// Glob matches paths as a route string with the same glob does. The error says
// what is wrong, then what to do, and does not repeat the glob.
func Glob(pattern string) (Matcher, error) {
	s, err := globSpot(pattern)
	return &paths{base{call("glob", []string{pattern})}, []spot{s}}, err
}

// Regex matches paths that contain a match of a regular expression. Its error
// is like that of Glob.
func Regex(expr string) (Matcher, error) {
	test, err := NewTest(TestRegex, expr)
	return &paths{base{call("regex", []string{expr})}, []spot{{spotTest, test.Literal(), &test}}}, err
}

// CheckPath rejects text that is not a path.
func CheckPath(path string) error {
	switch {
	case path == "*":
		return errors.New("is not a path; write prefix(\"/\") for every path")
	case path == "" || path[0] != '/':
		return fmt.Errorf("a path starts with \"/\"; did you mean %q?", "/"+path)
	}
	return nil
}

// paths is the family of matchers that look at the path. A request matches if
// its path is at one of the spots.
type paths struct {
	base
	spots []spot
}

func ofSpots(word string, kind spotKind, values []string) *paths {
	m := &paths{base: base{call(word, values)}}
	for _, v := range values {
		m.spots = append(m.spots, spot{kind: kind, text: v})
	}
	return m
}

func (m *paths) Match(r Request) bool {
	path := lend(r.Path())
	for i := range m.spots {
		s := &m.spots[i]
		if s.test == nil && s.takes(path) || s.test != nil && s.test.matches(r, path) {
			return true
		}
	}
	return false
}

func (m *paths) WhyNot(r Request) string { return fmt.Sprintf("%s: the path is %q", m.text, r.Path()) }

func (m *paths) Cost(bytes int) (cost int) {
	for i := range m.spots {
		if test := m.spots[i].test; test != nil {
			cost += test.cost(bytes)
		}
	}
	return cost
}

func (m *paths) traits() []trait { return each(m.spots, spot.trait) }

func (m *paths) within(c *Comparer, other Matcher) bool {
	o, ok := other.(ofPath)
	return ok && everyOf(c, m.spots, o.at(), spot.within)
}

func (m *paths) apart(c *Comparer, other Matcher) bool {
	o, ok := other.(ofPath)
	return ok && noneOf(c, m.spots, o.at(), spot.meets)
}

func (m *paths) never(*Comparer) (why string) {
	for _, s := range m.spots {
		if why = s.never(); why == "" {
			return ""
		}
	}
	return why
}

// ofPath is the interface of the members of the family to each other.
type ofPath interface{ at() []spot }

func (m *paths) at() []spot { return m.spots }

// A spot is a set of paths that can be compared with other sets.
type spot struct {
	kind spotKind
	text string // the path, the prefix or the start
	test *Test  // only for spotTest
}

type spotKind uint8

const (
	spotPath  spotKind = iota // this path
	spotBelow                 // this path and everything below it
	spotStart                 // every path that starts with this text
	spotTest                  // every path that starts with this text and passes the test
)

// globSpot returns the spot of a glob for paths. A final /* takes everything
// below, not just one segment, because that is what people mean by it.
func globSpot(pattern string) (spot, error) {
	text := pattern
	if strings.HasSuffix(pattern, "/*") {
		text += "*"
	}
	test, err := newTest(TestGlob, text, '/')
	test.Text = pattern
	return spot{spotTest, test.Literal(), &test}, err
}

// takes reports whether a path is at the spot.
func (s spot) takes(path string) bool {
	switch s.kind {
	case spotPath:
		return path == s.text
	case spotBelow:
		return below(path, s.text)
	case spotStart:
		return strings.HasPrefix(path, s.text)
	}
	return s.test.Match(path)
}

// below reports whether a path begins with all segments of a prefix. A prefix
// that ends with a slash takes everything after the slash, but not the path
// without it.
func below(path, prefix string) bool {
	n := len(prefix)
	return strings.HasPrefix(path, prefix) && (len(path) == n || prefix[n-1] == '/' || path[n] == '/')
}

func (s spot) trait() trait {
	switch s.kind {
	case spotPath:
		return trait{by: byPath, value: s.text}
	case spotTest:
		return trait{by: byTest, value: s.text, test: string(s.test.Kind) + " " + s.test.Text}
	}
	return trait{by: byPrefix, value: s.text}
}

// within reports whether every path at s is also at t.
func (s spot) within(t spot) bool {
	switch t.kind {
	case spotPath:
		return s.kind == spotPath && s.text == t.text
	case spotBelow:
		if !below(s.text, t.text) {
			return false
		}
		// A path that only starts with this text may continue the last segment.
		return s.kind == spotPath || s.kind == spotBelow || len(s.text) > len(t.text) || strings.HasSuffix(t.text, "/")
	case spotStart:
		return strings.HasPrefix(s.text, t.text)
	}
	if s.kind == spotPath {
		return t.test.Match(s.text)
	}
	return s.kind == spotTest && s.test.Kind == t.test.Kind && s.test.Text == t.test.Text
}

// meets reports whether a path at s can also be at t.
func (s spot) meets(t spot) bool {
	switch {
	case s.kind == spotPath:
		return t.takes(s.text)
	case t.kind == spotPath:
		return s.takes(t.text)
	case s.kind == spotBelow && t.kind == spotBelow:
		return below(s.text, t.text) || below(t.text, s.text)
	}
	return strings.HasPrefix(s.text, t.text) || strings.HasPrefix(t.text, s.text)
}

var (
	dotSegment = regexp.MustCompile(`/\.\.?(/|$)`)
	escape     = regexp.MustCompile(`%[0-9A-Fa-f]{2}`)
	queryPart  = regexp.MustCompile(`\?[\w.-]+=`)
)

// never says why no path is at the spot, or returns "".
func (s spot) never() string {
	text := s.text
	if s.kind == spotTest {
		if s.test.Kind != TestGlob {
			return ""
		}
		text = s.test.Text
	}
	switch {
	case dotSegment.MatchString(text):
		return "paths with a /./ or /../ in them are refused"
	case escape.MatchString(text):
		return fmt.Sprintf("routes match the decoded path: write the character for %s itself", escape.FindString(text))
	case queryPart.MatchString(text):
		return "routes match only the path, without what follows the `?`"
	case strings.ContainsRune(text, 0):
		return "paths with a NUL in them are refused"
	}
	return ""
}
