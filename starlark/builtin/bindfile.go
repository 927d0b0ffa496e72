package builtin

import (
	"fmt"
	"strings"

	"go.starlark.net/starlark"

	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/starlark/value"
)

func setBindMode(c *call, g *given, p *plan.Plan) {
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
	p.BindMode = mode
}

func setBindOwner(c *call, g *given, p *plan.Plan) {
	s, ok := optionalString(c, g)
	if !ok {
		return
	}
	owner, err := plan.ParseBindOwner(s)
	if err != nil {
		c.wrongValue(g, err)
		return
	}
	p.BindOwner = owner
}

// checkBindFile finds what is said of a file where there is none.
func (c *call) checkBindFile(have map[string]*given, p *plan.Plan) {
	if g := have["bind"]; g != nil {
		// One that is wrong, or not known yet, is told of itself.
		if s, ok := starlark.AsString(g.value); !ok || strings.HasPrefix(s, "unix:") {
			return
		}
	}
	label := `write bind="unix:/path", or leave it out`
	if p.Bind.Network == "systemd" {
		label = "leave it out, and write SocketMode=, SocketUser= and SocketGroup= in the .socket unit"
	}
	if g := have["bind_mode"]; g != nil && p.BindMode != 0 {
		c.wrongValue(g, value.Wrong(label, "is for a unix socket, and `bind` is %q", p.Bind))
	}
	if g := have["bind_owner"]; g != nil && !p.BindOwner.IsZero() {
		c.wrongValue(g, value.Wrong(label, "is for a unix socket, and `bind` is %q", p.Bind))
	}
}
