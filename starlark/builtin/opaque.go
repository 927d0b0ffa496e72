package builtin

import (
	"fmt"

	"go.starlark.net/starlark"
)

// opaque is the base of values that can only be passed on. Its value is the
// name of their type.
type opaque string

func (o opaque) String() string        { return string(o) + "(…)" }
func (o opaque) Type() string          { return string(o) }
func (o opaque) Freeze()               {}
func (o opaque) Truth() starlark.Bool  { return true }
func (o opaque) Hash() (uint32, error) { return 0, fmt.Errorf("a %s cannot be a key", string(o)) }
