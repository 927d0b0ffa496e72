package builtin

import (
	"net/url"
	"strings"

	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/starlark/value"
)

func setHealthPath(c *call, g *given, p *plan.Group) {
	s, ok := optionalString(c, g)
	if !ok {
		return
	}
	if err := checkHealthPath(s); err != nil {
		c.wrongValue(g, err)
		return
	}
	p.HealthPath = s
}

// checkHealth finds headers of a request that is never made.
func (c *call) checkHealth(have map[string]*given, p *plan.Group) {
	if g := have["health_headers"]; g != nil && len(p.HealthHeaders) > 0 && have["health_path"] == nil {
		c.wrongValue(g, value.Wrong(`add health_path="/…"`, "needs `health_path`, without which nothing is asked"))
	}
}

// checkHealthPath accepts what can stand in a request line as it is. A path
// that takes another's place in a URL would ask for something else.
func checkHealthPath(s string) error {
	switch {
	case strings.Contains(s, "://"):
		label := ""
		if u, err := url.Parse(s); err == nil && strings.HasPrefix(u.Path, "/") {
			label = "write " + value.Quote(u.RequestURI())
		}
		return value.Wrong(label, "is a URL, and must be a path alone: %s", value.Quote(s))
	case !strings.HasPrefix(s, "/"):
		return value.Wrong("write "+value.Quote("/"+s), "must begin with `/`: %s", value.Quote(s))
	}
	if u, err := url.ParseRequestURI(s); err != nil || u.RequestURI() != s || strings.Contains(s, "#") {
		return value.Wrong("escape what is special, such as %20 for a blank", "is no path of a URL: %s", value.Quote(s))
	}
	return nil
}
