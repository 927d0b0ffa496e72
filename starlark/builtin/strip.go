package builtin

import (
	"regexp"
	"strings"

	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/starlark/value"
)

func setStrip(c *call, g *given, p *plan.Group) {
	s, ok := optionalString(c, g)
	if !ok {
		return
	}
	if err := checkStrip(s); err != nil {
		c.wrongValue(g, err)
		return
	}
	p.StripPrefix = s
}

// plainPath matches a path that needs no escaping, so that a header can carry
// it.
var plainPath = regexp.MustCompile(`^(/[0-9A-Za-z._~!$&'()+,;=:@-]+)+$`)

func checkStrip(s string) error {
	better := "/" + strings.Trim(strings.TrimRight(s, "*"), "/")
	switch {
	case plainPath.MatchString(s) && !dotted.MatchString(s):
		return nil
	case better == "/":
		return value.Wrong("omit the argument to remove nothing", "removes nothing: %s", value.Quote(s))
	case plainPath.MatchString(better) && !dotted.MatchString(better):
		return value.Wrong("write "+value.Quote(better), "must consist of whole path segments: %s", value.Quote(s))
	}
	return value.Wrong("use letters, digits and . _ ~ -", "has characters that such a path cannot have: %s", value.Quote(s))
}

var dotted = regexp.MustCompile(`/\.\.?(/|$)`)
