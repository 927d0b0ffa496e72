package builtin

import (
	"net/url"
	"strings"

	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/starlark/value"
)

// optionalPath reads a path that the master asks workers for, or None.
func optionalPath(place func(*plan.Group) *string) func(*call, *given, *plan.Group) {
	return func(c *call, g *given, p *plan.Group) {
		s, ok := optionalString(c, g)
		if !ok {
			return
		}
		if err := checkHealthPath(s); err != nil {
			c.wrongValue(g, err)
			return
		}
		*place(p) = s
	}
}

// checkHealth reports settings of requests to workers that are not enabled.
func (c *call) checkHealth(have map[string]*given, p *plan.Group) {
	if g := have["health_headers"]; g != nil && len(p.HealthHeaders) > 0 && have["health_path"] == nil && have["metrics_path"] == nil {
		c.wrongValue(g, value.Wrong(`add health_path="/…"`, "needs `health_path`: without it there are no health checks"))
	}
	if g := have["metrics_sum"]; g != nil && p.MetricsSum && have["metrics_path"] == nil {
		c.wrongValue(g, value.Wrong(`add metrics_path="/metrics"`, "needs `metrics_path`, which says where the app has its metrics"))
	}
}

// checkHealthPath accepts a path that a request line can contain unchanged. It
// refuses text that would ask for something other than that path.
func checkHealthPath(s string) error {
	switch {
	case strings.Contains(s, "://"):
		label := ""
		if u, err := url.Parse(s); err == nil && strings.HasPrefix(u.Path, "/") {
			label = "write " + value.Quote(u.RequestURI())
		}
		return value.Wrong(label, "is a URL, but must be only a path: %s", value.Quote(s))
	case !strings.HasPrefix(s, "/"):
		return value.Wrong("write "+value.Quote("/"+s), "must begin with `/`: %s", value.Quote(s))
	}
	if u, err := url.ParseRequestURI(s); err != nil || u.RequestURI() != s || strings.Contains(s, "#") {
		return value.Wrong("escape special characters, such as %20 for a space", "is not a path of a URL: %s", value.Quote(s))
	}
	return nil
}
