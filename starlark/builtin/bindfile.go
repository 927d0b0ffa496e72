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

// checkBindFile reports the file's mode and owner if bind is not a file.
func (c *call) checkBindFile(have map[string]*given, p *plan.Plan) {
	if g := have["bind"]; g != nil {
		// A wrong or unknown address has its own error.
		if s, ok := starlark.AsString(g.value); !ok || strings.HasPrefix(s, "unix:") {
			return
		}
	}
	label := `write bind="unix:/path", or omit this argument`
	if p.Bind.Network == "systemd" {
		label = "omit it, and write SocketMode=, SocketUser= and SocketGroup= in the .socket unit"
	}
	if g := have["bind_mode"]; g != nil && p.BindMode != 0 {
		c.wrongValue(g, value.Wrong(label, "is for a unix socket, but `bind` is %q", p.Bind))
	}
	if g := have["bind_owner"]; g != nil && !p.BindOwner.IsZero() {
		c.wrongValue(g, value.Wrong(label, "is for a unix socket, but `bind` is %q", p.Bind))
	}
}
