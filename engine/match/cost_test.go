package match

import (
	"fmt"
	"math/rand/v2"
	"regexp/syntax"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A paying request counts what it is made to spend. It has only a path.
type paying struct {
	Request
	path  string
	spent int
}

func (p *paying) Path() []byte                { return []byte(p.path) }
func (p *paying) Query(string) ([]byte, bool) { return []byte(p.path), true }
func (p *paying) Spend(units int) bool        { p.spent += units; return true }

// instructions returns the length of a regular expression's program.
func instructions(t testing.TB, expr string) int {
	t.Helper()
	parsed, err := syntax.Parse(expr, syntax.Perl)
	require.NoError(t, err)
	prog, err := syntax.Compile(parsed.Simplify())
	require.NoError(t, err)
	return len(prog.Inst)
}

// TestCostIsThatOfTheAutomaton: whatever runs an automaton, even for a glob,
// costs in proportion to the automaton and the text.
func TestCostIsThatOfTheAutomaton(t *testing.T) {
	const bytes = 60_000
	text := "/" + strings.Repeat("a", bytes-1)
	spends := func(m Matcher, expr string) {
		t.Helper()
		r := &paying{path: text}
		m.Match(r)
		assert.GreaterOrEqual(t, r.spent, instructions(t, expr)*bytes*instruction, expr)
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
	for _, glob := range []string{"/a/**", "/*.php", "/a/*/b/*.js"} { // not run by an automaton
		p, err := NewPattern(glob)
		require.NoError(t, err)
		assert.Less(t, p.PathCost(bytes), bytes, glob)
	}
}

// TestCostOfNothing: an empty text is not free, nor is one that must be
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

// randomOf joins up to six of the pieces.
func randomOf(r *rand.Rand, pieces ...string) string {
	var b strings.Builder
	for range 1 + r.IntN(6) {
		b.WriteString(pieces[r.IntN(len(pieces))])
	}
	return b.String()
}

// TestRegexPays: a regular expression pays for each instruction of its program
// and each byte of a text.
func TestRegexPays(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		expr := randomOf(r, "a", "[a-f0-9]", "(b|bb)*", ".{0,40}", "x{3,90}", "(.{0,9}/){0,9}", `\.png$`, "^/", "(?i:é)", ".*")
		test, err := NewTest(TestRegex, expr)
		require.NoError(t, err)
		for _, n := range []int{0, 1, 7, 1000, 60_000} {
			require.GreaterOrEqual(t, test.cost(n), max(1, instructions(t, expr)*n*instruction), "%q for %d bytes", expr, n)
		}
	}
}

// TestGlobPays: a glob that an automaton runs pays as a regular expression
// does. A glob that the glob package runs scans a text once: it has no star, or
// one star and literals.
func TestGlobPays(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	engines := make(map[string]int)
	for range 5000 {
		text := "/" + randomOf(r, "a", "*", "**", "?", "[ab]", "{a,b}", "/", "{js,*}", "literal-of-some-length", `\*`)
		separators := []rune{'/'}[:r.IntN(2)]
		test, err := newTest(TestGlob, text, separators...)
		require.NoError(t, err)
		g := test.glob
		switch {
		case g.re != nil:
			engines["re"]++
			require.GreaterOrEqual(t, test.cost(1000), instructions(t, g.re.String())*1000*instruction, text)
		case g.stars != nil:
			engines["stars"]++
			require.GreaterOrEqual(t, test.cost(1000), 1000/fastBytes, text)
		default:
			engines["simple"]++
			_, choices := globRegexp(text, separators)
			plain := strings.NewReplacer(`\*`, "", "**", "*").Replace(text)
			require.True(t, choices == 0 || choices == 1 && (!strings.Contains(plain, "*") || !strings.ContainsAny(plain, "?[{")), text)
			require.GreaterOrEqual(t, test.cost(1000), 1000/fastBytes, text)
		}
	}
	require.Len(t, engines, 3)
}

// TestGlobOfStarsPays: many stars, and long literals between them, scan a text
// more than once.
func TestGlobOfStarsPays(t *testing.T) {
	for glob, units := range map[string]int{
		"/*a*b":                               1000 / fastBytes,
		"/" + strings.Repeat("*a", 100) + "b": 3000,
		"*" + strings.Repeat("a", 100) + "b*": 2000,
	} {
		test, err := newTest(TestGlob, glob, '/')
		require.NoError(t, err)
		require.NotNil(t, test.glob.stars)
		assert.GreaterOrEqual(t, test.cost(1000), units, glob)
		assert.Less(t, test.cost(1000), 2*units, glob)
	}
}

// TestGlobOfStarAndClassNeverGoesBack: for each of these the glob package took
// the time of the tail for each position of the star.
func TestGlobOfStarAndClassNeverGoesBack(t *testing.T) {
	for _, text := range []string{"*" + strings.Repeat("[ab]", 100) + "c", "**" + strings.Repeat("a?", 100) + "c", "**[ab]", "/[ab]*"} {
		g, err := newGlobTest(text)
		require.NoError(t, err)
		assert.NotNil(t, g.re, text)
	}
}
