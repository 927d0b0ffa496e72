package match

import (
	"fmt"
	"strconv"
	"strings"
	"unsafe"
)

// A Matcher decides which requests a route takes. The constructors of this
// package make them: their arguments have been checked, and two matchers that
// are written the same have the same String.
type Matcher interface {
	// Match reports whether a request matches. It allocates nothing.
	Match(r Request) bool
	// WhyNot says why a request does not match that does not: what is there in
	// place of what the matcher wants.
	WhyNot(r Request) string
	// String writes the matcher as the configuration does.
	String() string
	// Cost returns what Match spends at most where every text of a request that
	// the matcher looks at has that many bytes. See Spender.
	Cost(bytes int) int

	// traits returns traits of which every request that matches has at least
	// one. It is nil where nothing is known.
	traits() []trait
	// within reports whether another matcher of the family takes every request
	// that this one takes. It is false where that is not known.
	within(c *Comparer, other Matcher) bool
	// apart reports whether another matcher of the family takes no request that
	// this one takes. It is false where that is not known.
	apart(c *Comparer, other Matcher) bool
	// never says why no request matches, or returns "".
	never(c *Comparer) string
}

// A base is what most matchers have in common: a text, no cost, no traits and
// no relation to others.
type base struct{ text string }

func (b *base) String() string               { return b.text }
func (*base) Cost(int) int                   { return 0 }
func (*base) traits() []trait                { return nil }
func (*base) within(*Comparer, Matcher) bool { return false }
func (*base) apart(*Comparer, Matcher) bool  { return false }
func (*base) never(*Comparer) string         { return "" }

// call writes the call of a word.
func call(word string, values []string) string {
	quoted := make([]string, len(values))
	for i, v := range values {
		quoted[i] = strconv.Quote(v)
	}
	return fmt.Sprintf("%s(%s)", word, strings.Join(quoted, ", "))
}

// lend returns the bytes as a string, which must not outlive them.
func lend(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
