package builtin

import (
	"net/url"
	"strings"

	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/starlark/value"
)

// lifeFields are the arguments of WorkerGroup that say when a worker is
// replaced, and what that may cost.
func lifeFields() []field[plan.Group] {
	return append(append(drainFields(), healthFields()...), recycleFields()...)
}

func drainFields() []field[plan.Group] {
	return []field[plan.Group]{
		durationOf(Argument{Name: "drain_timeout", Keyword: true, Default: "0", Rule: "0 = as long as they take",
			Doc: "How long a process that was replaced may go on with its requests before it is stopped."},
			func(p *plan.Group) *plan.Seconds { return (*plan.Seconds)(&p.DrainTimeout) }),
		durationOf(Argument{Name: "websocket_grace", Keyword: true, Default: "30", Rule: "0 = closed at once",
			Doc: "How long a process that was replaced keeps its websockets open.", aka: []string{"websocket_timeout", "ws_grace"}},
			func(p *plan.Group) *plan.Seconds { return (*plan.Seconds)(&p.WebsocketGrace) }),
	}
}

func healthFields() []field[plan.Group] {
	return []field[plan.Group]{
		{Argument{Name: "health_path", Type: "str | None", Keyword: true, Default: "None", Rule: `such as "/healthz"`,
			Doc: "What a process must answer with 2xx before it gets requests and all the time after; None checks nothing.",
			aka: []string{"healthcheck", "health_check", "health_url", "healthcheck_path", "liveness_path", "readiness_path"}}, setHealthPath},
		{Argument{Name: "health_headers", Type: "list[header_edit]", Keyword: true, Default: "[]",
			Rule: "of set_header, add_header and remove_header, in the order in which they apply; with `health_path` alone",
			Doc:  `Changes to the headers of the request for health_path, which otherwise has "Host: localhost", and 127.0.0.1 over http as its client.`,
			aka:  []string{"health_header", "healthcheck_headers", "health_host"}},
			editsOf(plan.ToHealth, func(p *plan.Group) *[]plan.HeaderEdit { return &p.HealthHeaders })},
		positiveOf(Argument{Name: "health_interval", Keyword: true, Default: "5",
			Doc: "From one health check of a healthy process to the next.", aka: []string{"check_interval", "healthcheck_interval"}},
			func(p *plan.Group) *plan.Seconds { return (*plan.Seconds)(&p.HealthInterval) }),
		positiveOf(Argument{Name: "health_timeout", Keyword: true, Default: "2",
			Doc: "How long a health check may take.", aka: []string{"check_timeout", "healthcheck_timeout"}},
			func(p *plan.Group) *plan.Seconds { return (*plan.Seconds)(&p.HealthTimeout) }),
		intOf(Argument{Name: "unhealthy_after", Keyword: true, Default: "3", Rule: "1 or more",
			Doc: "How many health checks must fail in a row before a process is replaced.",
			aka: []string{"unhealthy_threshold", "failure_threshold", "max_fails"}},
			1, noLimit, func(p *plan.Group) *int { return &p.UnhealthyAfter }),
	}
}

func recycleFields() []field[plan.Group] {
	return []field[plan.Group]{
		intOf(Argument{Name: "max_requests", Keyword: true, Default: "0", Rule: "0 = never",
			Doc: "After how many requests a process is replaced.", aka: []string{"limit_max_requests"}},
			0, noLimit, func(p *plan.Group) *int { return &p.MaxRequests }),
		intOf(Argument{Name: "max_requests_jitter", Keyword: true, Default: "0", Rule: "0 = the same for all",
			Doc: "How many requests more some processes get, so that not all are replaced at once.", aka: []string{"limit_max_requests_jitter"}},
			0, noLimit, func(p *plan.Group) *int { return &p.MaxRequestsJitter }),
		sizeOf(Argument{Name: "max_rss", Keyword: true, Default: "0", Rule: "0 = no limit",
			Doc: "The memory with which a process is replaced: what it and its children have resident.",
			aka: []string{"max_memory", "memory_limit", "max_memory_per_worker", "max_memory_per_child"}},
			func(p *plan.Group) *plan.Bytes { return (*plan.Bytes)(&p.MaxRSS) }),
		durationOf(Argument{Name: "max_lifetime", Keyword: true, Default: "0", Rule: "0 = no limit",
			Doc: "The age by which a process is replaced; up to a tenth sooner, so that not all are at once.",
			aka: []string{"max_age", "lifetime", "max_worker_lifetime", "workers_lifetime"}},
			func(p *plan.Group) *plan.Seconds { return (*plan.Seconds)(&p.MaxLifetime) }),
	}
}

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

// sizeOf is for a number of bytes.
func sizeOf[T any](a Argument, place func(*T) *plan.Bytes) field[T] {
	a.Type, a.Unit = "size", "bytes"
	return field[T]{a, func(c *call, g *given, t *T) {
		n, err := value.Size(g.value)
		if err != nil {
			c.wrongValue(g, err)
			return
		}
		*place(t) = plan.Bytes(n)
	}}
}

// lifeDefaults sets what is not 0.
func lifeDefaults(p *plan.Group) {
	p.WebsocketGrace = plan.DefaultWebsocketGrace
	p.HealthInterval, p.HealthTimeout = plan.DefaultHealthInterval, plan.DefaultHealthTimeout
	p.UnhealthyAfter = plan.DefaultUnhealthyAfter
}
