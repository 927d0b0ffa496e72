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

// plainPath is a path that looks the same escaped, so that a header can say it.
var plainPath = regexp.MustCompile(`^(/[0-9A-Za-z._~!$&'()+,;=:@-]+)+$`)

func checkStrip(s string) error {
	better := "/" + strings.Trim(strings.TrimRight(s, "*"), "/")
	switch {
	case plainPath.MatchString(s) && !dotted.MatchString(s):
		return nil
	case better == "/":
		return value.Wrong("leave the argument out to take nothing off", "takes nothing off: %s", value.Quote(s))
	case plainPath.MatchString(better) && !dotted.MatchString(better):
		return value.Wrong("write "+value.Quote(better), "must be whole segments of a path: %s", value.Quote(s))
	}
	return value.Wrong("letters, digits and . _ ~ - are", "has characters that such a path cannot have: %s", value.Quote(s))
}

var dotted = regexp.MustCompile(`/\.\.?(/|$)`)
