package builtin

import (
	"regexp"
	"strings"

	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/starlark/value"
)

// probePath reads a path that ldcorn itself answers.
func probePath(of func(*plan.Plan) *string) func(*call, *given, *plan.Plan) {
	return func(c *call, g *given, p *plan.Plan) {
		s, ok := optionalString(c, g)
		if !ok {
			return
		}
		if err := checkProbePath(s); err != nil {
			c.wrongValue(g, err)
			return
		}
		*of(p) = s
	}
}

// probeText matches paths that are the same before and after decoding.
var probeText = regexp.MustCompile(`^(/[A-Za-z0-9._~-]+)+$`)

// dotSegment matches a path that no request has: ldcorn refuses those.
var dotSegment = regexp.MustCompile(`/\.\.?(/|$)`)

// checkProbePath accepts a path that looks the same wherever it is written.
func checkProbePath(s string) error {
	switch {
	case s == "/":
		return value.Wrong(`write a path that the apps do not use, such as "/-/ready"`, "would hide the start page of the apps: %s", value.Quote(s))
	case strings.Contains(s, "://"):
		return value.Wrong("", "is a URL, but must be only a path: %s", value.Quote(s))
	case !strings.HasPrefix(s, "/"):
		return value.Wrong("write "+value.Quote("/"+s), "must begin with `/`: %s", value.Quote(s))
	case strings.HasSuffix(s, "/") && probeText.MatchString(s[:len(s)-1]):
		return value.Wrong("write "+value.Quote(s[:len(s)-1]), "must not end with `/`: %s", value.Quote(s))
	case !probeText.MatchString(s) || dotSegment.MatchString(s):
		return value.Wrong(`write a plain path, such as "/-/ready"`, "may contain only letters, digits and . _ ~ - between single slashes: %s", value.Quote(s))
	}
	return nil
}

// checkProbes reports a condition for an answer that nobody can ask for.
func (c *call) checkProbes(have map[string]*given, p *plan.Plan) {
	if g := have["ready_when"]; g != nil && p.ReadyWhen == plan.ReadyAll && have["ready_path"] == nil {
		c.wrongValue(g, value.Wrong(`add ready_path="/-/ready"`, "needs `ready_path`: it says when that answers 200"))
	}
}
