package bound

import (
	"fmt"

	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// A checker is the value of the name $, which nobody can write: $ op x is x,
// or an error. It costs a fraction of a call, and so stands where an ordinary
// function would feel one. The operator says what x is about to be used for.
type checker struct {
	starlark.NoneType
	late func() bool // the configuration has been loaded
}

var _ starlark.HasBinary = (*checker)(nil)

// The operators of checker.
const (
	checkKey     = syntax.PLUS    // x is hashed
	checkMember  = syntax.AMP     // x is looked for in a list
	checkCompare = syntax.MINUS   // x is compared
	checkSlice   = syntax.SLASH   // x is cut
	checkShort   = syntax.STAR    // a literal is added to x
	checkText    = syntax.PERCENT // a method of x is called, which makes as much as x is
)

// The most that a key weighs: the work is done again for each element of a
// list that a value is looked for in.
const maxKey = 256 * nodeWeight

// The most bytes of a text that is looked for by a request: it is compared with
// each element of a list.
const maxMember = 16 << 10

// The most bytes that cutting copies for a request, as it cannot be charged.
const maxCut = 1024 * Element

// The most bytes that a literal may be added to for a request, likewise.
const maxShort = 32 << 10

// The most bytes of a text whose methods need not be charged.
const freeText = 512

// A longText is a string whose methods are words of ours.
type longText struct {
	starlark.NoneType
	s starlark.String
}

// Attr returns a method.
func (l *longText) Attr(name string) (starlark.Value, error) {
	v, err := l.s.Attr(name)
	return bound(l.s, v), err
}

// AttrNames returns what dir() would list.
func (l *longText) AttrNames() []string { return l.s.AttrNames() }

// Type is that of the string.
func (l *longText) Type() string { return l.s.Type() }

// Type is not None's: errors must not name it.
func (c *checker) Type() string { return "checker" }

// Binary returns the right operand where it is not too large.
func (c *checker) Binary(op syntax.Token, x starlark.Value, _ starlark.Side) (starlark.Value, error) {
	switch x := x.(type) {
	case starlark.String:
		if op == checkMember && len(x) > maxMember && c.late() {
			return nil, fmt.Errorf("looking for %d bytes is too much for a request; the most is %d", len(x), maxMember)
		}
		if op == checkText && len(x) > freeText {
			return &longText{s: x}, nil
		}
		if op == checkShort && len(x) > maxShort && c.late() {
			return nil, fmt.Errorf("adding to %d bytes is too much for a request; the most is %d", len(x), maxShort)
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
			return nil, fmt.Errorf("cutting %d elements is too much for a request; the most is %d", n/Element, maxCut/Element)
		}
		return x, nil
	case checkKey, checkMember:
		if _, ok := flat(x); ok {
			return x, nil
		}
		if _, ok := weigh(maxKey, maxKey/nodeWeight, x); !ok {
			return nil, fmt.Errorf("a %s as a key or a member may have no more than %d values in it", x.Type(), maxKey/nodeWeight)
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
		return nil, l.tooDeep("what is compared")
	}
	return x, nil
}

// A deferred is the right side of an assignment such as x[i] += y. The
// interpreter finds what is on the left, once, and then asks it.
type deferred struct {
	starlark.NoneType
	thread *starlark.Thread
	y      starlark.Value
}

var _ starlark.HasBinary = (*deferred)(nil)

// Type is that of the value, for errors.
func (d *deferred) Type() string { return d.y.Type() }

// Binary applies an operator to what is on the left.
func (d *deferred) Binary(op syntax.Token, x starlark.Value, _ starlark.Side) (starlark.Value, error) {
	return assign(d.thread, op, x, d.y)
}

// formatted is the right side of x[i] %= y. A string takes it as it is: so
// what is in it is charged for, once or, of a mapping, whenever it is named.
func formatted(thread *starlark.Thread, y starlark.Value) (starlark.Value, error) {
	_, l := meterOf(thread)
	w, ok := weigh(l.Bytes, l.Depth, y)
	if !ok {
		return nil, l.tooDeep("what is formatted")
	}
	if m, ok := y.(starlark.Mapping); ok {
		return &charged{m, thread}, nil
	}
	return y, spend(thread, w, "formatting it")
}

// A charged mapping is one that formatting asks for values.
type charged struct {
	starlark.Mapping
	thread *starlark.Thread
}

// Get returns the value of a key, and charges for it.
func (c *charged) Get(key starlark.Value) (starlark.Value, bool, error) {
	v, found, err := c.Mapping.Get(key)
	if err == nil && found {
		_, l := meterOf(c.thread)
		w, _ := weigh(l.Bytes, l.Depth, v)
		if err = spend(c.thread, w, "formatting it"); err != nil {
			return nil, false, err
		}
	}
	return v, found, err
}
