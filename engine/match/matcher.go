package match

import (
	"fmt"
	"strconv"
	"strings"
	"unsafe"
)

// A Matcher decides which requests a route takes. The constructors of this
// package make matchers; their arguments must have been checked. Two matchers
// that are written the same have the same String.
type Matcher interface {
	// Match reports whether a request matches. It allocates nothing.
	Match(r Request) bool
	// WhyNot says why a request that does not match does not: what the request
	// has instead of what the matcher needs.
	WhyNot(r Request) string
	// String returns the matcher as the configuration writes it.
	String() string
	// Cost returns the maximum that Match spends if every text of a request
	// that the matcher looks at has that many bytes. See Spender.
	Cost(bytes int) int

	// traits returns traits of which every matching request has at least one.
	// It returns nil if there are no such traits.
	traits() []trait
	// within reports whether another matcher of the family takes every request
	// that this one takes. It returns false if that is not known.
	within(c *Comparer, other Matcher) bool
	// apart reports whether another matcher of the family takes none of the
	// requests that this one takes. It returns false if that is not known.
	apart(c *Comparer, other Matcher) bool
	// never says why no request matches, or returns "".
	never(c *Comparer) string
}

// A base provides what most matchers have in common: a text, no cost, no traits
// and no relations to others.
type base struct{ text string }

func (b *base) String() string               { return b.text }
func (*base) Cost(int) int                   { return 0 }
func (*base) traits() []trait                { return nil }
func (*base) within(*Comparer, Matcher) bool { return false }
func (*base) apart(*Comparer, Matcher) bool  { return false }
func (*base) never(*Comparer) string         { return "" }

// call returns the call of a word with its arguments.
func call(word string, values []string) string {
	quoted := make([]string, len(values))
	for i, v := range values {
		quoted[i] = strconv.Quote(v)
	}
	return fmt.Sprintf("%s(%s)", word, strings.Join(quoted, ", "))
}

// lend returns the bytes as a string without copying. The string must not
// outlive them.
func lend(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
