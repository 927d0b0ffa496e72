package match

import (
	"fmt"
	"regexp/syntax"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A paying request counts what it is made to spend. Its path is all there is.
type paying struct {
	Request
	path  string
	spent int
}

func (p *paying) Path() []byte                { return []byte(p.path) }
func (p *paying) Query(string) ([]byte, bool) { return []byte(p.path), true }
func (p *paying) Spend(units int) bool        { p.spent += units; return true }

// TestCostIsThatOfTheAutomaton: whatever runs an automaton costs in proportion to
// the automaton and the text, also where a glob is run by one.
func TestCostIsThatOfTheAutomaton(t *testing.T) {
	const bytes = 60_000
	text := "/" + strings.Repeat("a", bytes-1)
	instructions := func(expr string) int {
		parsed, err := syntax.Parse(expr, syntax.Perl)
		require.NoError(t, err)
		prog, err := syntax.Compile(parsed.Simplify())
		require.NoError(t, err)
		return len(prog.Inst)
	}
	spends := func(m Matcher, expr string) {
		t.Helper()
		r := &paying{path: text}
		m.Match(r)
		assert.GreaterOrEqual(t, r.spent, instructions(expr)*bytes*instruction, expr)
		assert.GreaterOrEqual(t, m.Cost(bytes), r.spent, expr)
	}
	for _, expr := range []string{`[0-9a-f]{32}\.png$`, `[A-Za-z0-9._-]{1,64}@[A-Za-z0-9.-]{1,255}`, `(.{0,255}/){0,3}x$`, `[xy]{0,1000}z`} {
		m, err := Regex(expr)
		require.NoError(t, err)
		spends(m, expr)
	}
	for _, glob := range []string{"/static/**.{js,css}", "/**/{a,b}/*.png", "/**/**/x?", "/*[ab]*"} {
		p, err := NewPattern(glob)
		require.NoError(t, err)
		expr, _ := globRegexp(glob, []rune{'/'})
		spends(p, expr)
		assert.Equal(t, p.PathCost(bytes), p.Cost(bytes))
	}
	for _, glob := range []string{"/a/**", "/*.php", "/a/*/b/*.js"} { // run by faster means
		p, err := NewPattern(glob)
		require.NoError(t, err)
		assert.Less(t, p.PathCost(bytes), bytes, glob)
	}
}

// TestCostOfNothing: a text of no bytes is not free, nor is one that must be
// decoded.
func TestCostOfNothing(t *testing.T) {
	m, err := Regex("a+")
	require.NoError(t, err)
	r := &paying{}
	m.Match(r)
	assert.Positive(t, r.spent)
	for _, kind := range []TestKind{TestAny, TestEqual, TestGlob} {
		test, err := NewTest(kind, "x")
		require.NoError(t, err)
		r := &paying{path: strings.Repeat("x", 1000)}
		ofField(field{inQuery, "q"}, test).Match(r)
		assert.GreaterOrEqual(t, r.spent, 1000, fmt.Sprint(kind))
	}
}
