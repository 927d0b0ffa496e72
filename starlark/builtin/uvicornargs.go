package builtin

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/starlark/diag"
	"github.com/ldcorn/ldcorn/starlark/value"
)

// A refused option of Uvicorn is one that ldcorn sets, or that would break
// its contract with a worker.
type refused struct {
	options []string // one that ends in - stands for all that begin so
	why     string
	instead string // what to use, if there is something
}

func refusedOptions() []refused {
	return []refused{
		{[]string{"--uds", "--host", "--port", "--fd"}, "ldcorn gives every worker a socket of its own", "`bind` of LdConfig"},
		{[]string{"--workers"}, "ldcorn starts every process itself", "`instances`"},
		{[]string{"--reload", "--no-reload", "--reload-"}, "a reloader would start processes that ldcorn does not know", "a reload of ldcorn (kill -HUP)"},
		{[]string{"--log-level"}, "ldcorn passes it", "`uvicorn_log_level`"},
		{[]string{"--proxy-headers", "--no-proxy-headers", "--forwarded-allow-ips"}, "ldcorn decides which headers reach a worker", "`forwarded` and `trusted_proxies` of LdConfig"},
		{[]string{"--timeout-keep-alive"}, "it must be longer than ldcorn keeps connections to a worker", "`idle_timeout` of LdConfig, for clients"},
		{[]string{"--limit-max-requests", "--limit-max-requests-"}, "the worker would leave while requests are on their way to it", ""},
		{[]string{"--limit-concurrency"}, "it counts ldcorn's idle connections too, and answers 503", "`max_req_per_worker`"},
		{[]string{"--timeout-graceful-shutdown"}, "ldcorn passes it", "`stop_timeout`"},
		{[]string{"--timeout-worker-healthcheck"}, "ldcorn starts every process itself", ""},
		{[]string{"--ssl-"}, "ldcorn speaks plain HTTP to its workers, over a unix socket", ""},
		{[]string{"--version", "--help"}, "it prints and exits, so that the worker would never be ready", ""},
	}
}

// refusal says why an option is refused, if it is.
func refusal(option string) (refused, bool) {
	for _, r := range refusedOptions() {
		for _, o := range r.options {
			if option == o || strings.HasSuffix(o, "-") && strings.HasPrefix(option, o) {
				return r, true
			}
		}
	}
	return refused{}, false
}

func setUvicornArgs(c *call, g *given, p *plan.Pool) {
	elems, err := value.List(g.value, `options, such as ["--http", "h11"]`)
	if err != nil {
		c.wrongValue(g, err)
		return
	}
	p.UvicornArgs = nil
	for i, e := range elems {
		if value.IsUnset(e) {
			continue
		}
		s, err := value.NumberString(e)
		if err != nil {
			c.wrongValue(g, &value.ElementError{Index: i, Err: err})
			continue
		}
		if c.uvicornArg(s, c.element(g, i)) {
			p.UvicornArgs = append(p.UvicornArgs, s)
		}
	}
}

// uvicornArg reports whether an option may be passed on.
func (c *call) uvicornArg(s string, span diag.Span) bool {
	option, val, _ := strings.Cut(s, "=")
	if r, ok := refusal(strings.TrimSpace(firstWord(option))); ok {
		d := diag.Diagnostic{
			Code: codeUvicorn, Span: span,
			Message: fmt.Sprintf("`uvicorn_args` cannot set %s: %s", firstWord(option), r.why),
			Label:   "leave it out",
		}
		if r.instead != "" {
			d.Label = "use " + r.instead
		}
		c.report(d)
		return false
	}
	if strings.HasPrefix(s, "--") && strings.ContainsAny(option, " \t") {
		words := strings.Fields(option + val)
		for i := range words {
			words[i] = strconv.Quote(words[i])
		}
		c.wrong(span, "`uvicorn_args`", codeValue, value.Wrong("write "+strings.Join(words, ", "), "holds an option and its value in one string: %s", value.Quote(s)))
		return false
	}
	return true
}

func firstWord(s string) string {
	if words := strings.Fields(s); len(words) > 0 {
		return words[0]
	}
	return s
}
