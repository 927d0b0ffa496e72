package builtin

import (
	"fmt"

	"go.starlark.net/starlark"

	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/starlark/value"
)

// modeReader reads the permissions of a socket's file.
func modeReader[T any](place func(*T) *plan.BindMode) func(*call, *given, *T) {
	return func(c *call, g *given, t *T) { c.bindMode(g, place(t)) }
}

func (c *call) bindMode(g *given, place *plan.BindMode) {
	if n, ok := g.value.(starlark.Int); ok {
		label := `write it as octal digits, such as "0660"`
		if i, ok := n.Uint64(); ok && i > 0 && i <= 0o777 {
			label = fmt.Sprintf("write \"%04o\"", i)
		}
		c.wrongValue(g, value.WrongType("a string of octal digits", n, label))
		return
	}
	s, ok := optionalString(c, g)
	if !ok {
		return
	}
	mode, err := plan.ParseBindMode(s)
	if err != nil {
		c.wrongValue(g, err)
		return
	}
	*place = mode
}

// ownerReader reads the owner of a socket's file.
func ownerReader[T any](place func(*T) *plan.BindOwner) func(*call, *given, *T) {
	return func(c *call, g *given, t *T) { c.bindOwner(g, place(t)) }
}

func (c *call) bindOwner(g *given, place *plan.BindOwner) {
	s, ok := optionalString(c, g)
	if !ok {
		return
	}
	owner, err := plan.ParseBindOwner(s)
	if err != nil {
		c.wrongValue(g, err)
		return
	}
	*place = owner
}
