package value

import (
	"fmt"
	"strings"

	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// UnsetType is the type of an Unset in the interpreter's messages.
const UnsetType = "unset variable"

const unsetMark = "\u2063(unset " // begins the text of an Unset in a string

// An Unset stands for the value of an environment variable that is not set. The
// read of the variable has reported the mistake or allowed it. The Unset keeps
// evaluation going, so that other mistakes are found too. Where possible, an
// operation on an Unset gives an Unset.
type Unset struct {
	Variable string
}

var (
	_ starlark.HasBinary  = (*Unset)(nil)
	_ starlark.HasAttrs   = (*Unset)(nil)
	_ starlark.Callable   = (*Unset)(nil)
	_ starlark.Sequence   = (*Unset)(nil)
	_ starlark.Comparable = (*Unset)(nil)
)

// IsUnset reports whether a value is an Unset or a string made from one.
func IsUnset(v starlark.Value) bool {
	switch v := v.(type) {
	case *Unset:
		return true
	case starlark.String:
		return strings.Contains(string(v), unsetMark)
	}
	return false
}

func (u *Unset) String() string { return unsetMark + u.Variable + ")" }

// Type returns UnsetType.
func (u *Unset) Type() string { return UnsetType }

// Freeze does nothing.
func (u *Unset) Freeze() {}

// Truth returns False, as for an empty string.
func (u *Unset) Truth() starlark.Bool { return false }

// Hash lets an Unset be a key.
func (u *Unset) Hash() (uint32, error) { return starlark.String(u.Variable).Hash() }

// Len returns 0.
func (u *Unset) Len() int { return 0 }

// Iterate returns an empty iterator.
func (u *Unset) Iterate() starlark.Iterator { return starlark.Tuple(nil).Iterate() }

// Name returns the name of a call of the Unset in a stack.
func (u *Unset) Name() string { return u.Variable }

// CallInternal returns the Unset itself.
func (u *Unset) CallInternal(*starlark.Thread, starlark.Tuple, []starlark.Tuple) (starlark.Value, error) {
	return u, nil
}

// Binary returns the Unset, whatever the operator.
func (u *Unset) Binary(syntax.Token, starlark.Value, starlark.Side) (starlark.Value, error) {
	return u, nil
}

// Attr returns the Unset itself, which also acts as the method.
func (u *Unset) Attr(string) (starlark.Value, error) { return u, nil }

// AttrNames returns nil.
func (u *Unset) AttrNames() []string { return nil }

// CompareSameType compares names for equality; an Unset has no order.
func (u *Unset) CompareSameType(op syntax.Token, y starlark.Value, _ int) (bool, error) {
	equal := u.Variable == y.(*Unset).Variable
	switch op {
	case syntax.EQL:
		return equal, nil
	case syntax.NEQ:
		return !equal, nil
	}
	return false, fmt.Errorf("%s has no order", UnsetType)
}
