package bound

import (
	"fmt"

	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// A checker is the value of the name $, which no file can contain. $ op x
// returns x or an error. It costs a fraction of a call, so Rewrite uses it
// where ordinary functions would feel the cost of a call. The operator says how
// x is about to be used.
type checker struct {
	starlark.NoneType
	late func() bool // reports whether the configuration has been loaded
}

var _ starlark.HasBinary = (*checker)(nil)

// The operators of checker.
const (
	checkKey     = syntax.PLUS    // x is hashed
	checkMember  = syntax.AMP     // x is looked up in a list
	checkCompare = syntax.MINUS   // x is compared
	checkSlice   = syntax.SLASH   // x is sliced
	checkShort   = syntax.STAR    // a literal is added to x
	checkText    = syntax.PERCENT // a method of x that makes as much as x is called
)

// maxKey is the largest weight of a key. It bounds a key because a lookup in a
// list hashes or compares the key once for each element.
const maxKey = 256 * nodeWeight

// maxMember is the largest number of bytes of a string that a request looks up
// in a list: the string is compared with each element.
const maxMember = 16 << 10

// maxCut is the largest number of bytes that a slice copies for a request. A
// slice is not charged.
const maxCut = 1024 * Element

// maxShort is the largest number of bytes to which a request adds a literal.
// The addition is not charged.
const maxShort = 32 << 10

// freeText is the largest number of bytes of a string whose methods need no
// charge.
const freeText = 512

// A longText is a string whose methods are those of this package.
type longText struct {
	starlark.NoneType
	s starlark.String
}

// Attr returns the method with the given name.
func (l *longText) Attr(name string) (starlark.Value, error) {
	v, err := l.s.Attr(name)
	return bound(l.s, v), err
}

// AttrNames returns the names that dir() lists.
func (l *longText) AttrNames() []string { return l.s.AttrNames() }

// Type returns the type of the string.
func (l *longText) Type() string { return l.s.Type() }

// Type replaces None's, which errors must not name.
func (c *checker) Type() string { return "checker" }

// Binary returns the right operand, or an error if the operand is too large.
func (c *checker) Binary(op syntax.Token, x starlark.Value, _ starlark.Side) (starlark.Value, error) {
	switch x := x.(type) {
	case starlark.String:
		if op == checkMember && len(x) > maxMember && c.late() {
			return nil, fmt.Errorf("looking for %d bytes is too much for a request; the limit is %d", len(x), maxMember)
		}
		if op == checkText && len(x) > freeText {
			return &longText{s: x}, nil
		}
		if op == checkShort && len(x) > maxShort && c.late() {
			return nil, fmt.Errorf("adding to %d bytes is too much for a request; the limit is %d", len(x), maxShort)
		}
		return x, nil
	case starlark.NoneType, starlark.Bool, starlark.Bytes:
		return x, nil
	}
	switch op {
	case checkShort, checkText:
		return x, nil // an error, a secret, or not a text's method
	case checkSlice:
		if n := size(x); n > maxCut && c.late() {
			return nil, fmt.Errorf("slicing %d elements is too much for a request; the limit is %d", n/Element, maxCut/Element)
		}
		return x, nil
	case checkKey, checkMember:
		if _, ok := flat(x); ok {
			return x, nil
		}
		if _, ok := weigh(maxKey, maxKey/nodeWeight, x); !ok {
			return nil, fmt.Errorf("a %s used as a key or looked up in a list can hold at most %d values", x.Type(), maxKey/nodeWeight)
		}
		return x, nil
	}
	l := &Loading
	if c.late() {
		l = &Request
	}
	if _, ok := flat(x); ok {
		return x, nil
	}
	if _, ok := weigh(l.Bytes, l.Depth, x); !ok {
		return nil, l.tooDeep("the compared value")
	}
	return x, nil
}

// A deferred is the right side of an assignment such as x[i] += y. The
// interpreter evaluates the left side once and then calls Binary with it.
type deferred struct {
	starlark.NoneType
	thread *starlark.Thread
	y      starlark.Value
}

var _ starlark.HasBinary = (*deferred)(nil)

// Type returns the type of the value, for errors.
func (d *deferred) Type() string { return d.y.Type() }

// Binary applies an operator to the left side.
func (d *deferred) Binary(op syntax.Token, x starlark.Value, _ starlark.Side) (starlark.Value, error) {
	return assign(d.thread, op, x, d.y)
}

// formatted returns the right side of x[i] %= y. A string takes it as it is, so
// formatted charges for the values in it. A mapping is charged each time the
// format names a key.
func formatted(thread *starlark.Thread, y starlark.Value) (starlark.Value, error) {
	_, l := meterOf(thread)
	w, ok := weigh(l.Bytes, l.Depth, y)
	if !ok {
		return nil, l.tooDeep("the formatted value")
	}
	if m, ok := y.(starlark.Mapping); ok {
		return &charged{m, thread}, nil
	}
	return y, spend(thread, w, "formatting the string")
}

// A charged is a mapping whose values a format looks up.
type charged struct {
	starlark.Mapping
	thread *starlark.Thread
}

// Get returns the value of a key and charges for it.
func (c *charged) Get(key starlark.Value) (starlark.Value, bool, error) {
	v, found, err := c.Mapping.Get(key)
	if err == nil && found {
		_, l := meterOf(c.thread)
		w, _ := weigh(l.Bytes, l.Depth, v)
		if err = spend(c.thread, w, "formatting the string"); err != nil {
			return nil, false, err
		}
	}
	return v, found, err
}
