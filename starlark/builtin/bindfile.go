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
	s, ok := c.octalDigits(g, 1, 0o777, "0660")
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

// octalDigits reads an optional string of octal digits. It refuses a number, whose base the
// reader of a file could not see, and says how to write one from least to most.
func (c *call) octalDigits(g *given, least, most uint64, example string) (string, bool) {
	if n, ok := g.value.(starlark.Int); ok {
		label := fmt.Sprintf("write it as octal digits, such as %q", example)
		if i, ok := n.Uint64(); ok && i >= least && i <= most {
			label = fmt.Sprintf("write \"%04o\"", i)
		}
		c.wrongValue(g, value.WrongType("a string of octal digits", n, label))
		return "", false
	}
	return optionalString(c, g)
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
