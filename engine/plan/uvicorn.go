package plan

import "strings"

// A RefusedOption is an option of Uvicorn that ldcorn sets, or that would break
// what ldcorn relies on. uvicorn_args cannot contain it, and env cannot contain
// the variable from which Uvicorn would read it.
type RefusedOption struct {
	Options []string // an option that ends in - stands for all with that prefix
	Why     string
	Instead string // what to use instead, if anything
}

// refusedOptions come from the options of Uvicorn 0.17 to 0.54. Families such
// as --ssl- end in -, to include the options of later versions.
var refusedOptions = []RefusedOption{
	{[]string{"--uds", "--host", "--port", "--fd"}, "ldcorn gives every worker a socket of its own", "`bind` of LdConfig"},
	{[]string{"--workers"}, "ldcorn starts every process itself", "`instances`"},
	// Until 0.18, --debug was another name for --reload.
	{[]string{"--reload", "--no-reload", "--reload-", "--debug"}, "a reloader would start processes that ldcorn does not know", "ldcorn run --watch, which reloads what is saved"},
	{[]string{"--log-level"}, "ldcorn passes it", "`uvicorn_log_level`"},
	{[]string{"--proxy-headers", "--no-proxy-headers", "--forwarded-allow-ips"}, "ldcorn decides which headers reach a worker", "`forwarded` and `trusted_proxies` of LdConfig"},
	{[]string{"--timeout-keep-alive"}, "it must be longer than ldcorn keeps connections to a worker", "`idle_timeout` of LdConfig, for clients"},
	{[]string{"--limit-max-requests-jitter"}, "the worker would exit while requests are on their way to it", "`max_requests_jitter`"},
	{[]string{"--limit-max-requests", "--limit-max-requests-"}, "the worker would exit while requests are on their way to it", "`max_requests`"},
	{[]string{"--limit-concurrency"}, "it counts ldcorn's idle connections too, and answers 503", "`max_req_per_worker`"},
	{[]string{"--timeout-graceful-shutdown"}, "ldcorn passes it", "`stop_timeout`"},
	{[]string{"--timeout-worker-healthcheck"}, "ldcorn starts every process itself", "`health_path`"},
	{[]string{"--ssl-"}, "ldcorn speaks plain HTTP to its workers, over a unix socket", "bind=listen(\"0.0.0.0:443\", tls=tls(\"cert.pem\", key=\"key.pem\")) of LdConfig"},
	{[]string{"--version", "--help"}, "it prints and exits, so that the worker would never be ready", ""},
}

// refusedVariables are the variables that do not correspond to a refused
// option.
var refusedVariables = map[string]RefusedOption{
	"UVICORN_APP":        {Why: "ldcorn passes the app", Instead: "`app`"},
	"UVICORN_ACCESS_LOG": {Why: "ldcorn passes --no-access-log, which takes precedence", Instead: "uvicorn_args=[\"--access-log\"]"},
	"WEB_CONCURRENCY":    {Why: "Uvicorn would start processes that ldcorn does not know", Instead: "`instances`"},
}

// RefusedOptions returns all refused options.
func RefusedOptions() []RefusedOption { return refusedOptions }

// RefuseOption returns whether uvicorn_args must not contain an option, such as
// --port, and why.
func RefuseOption(option string) (RefusedOption, bool) {
	for _, r := range refusedOptions {
		for _, o := range r.Options {
			if option == o || strings.HasSuffix(o, "-") && strings.HasPrefix(option, o) {
				return r, true
			}
		}
	}
	return RefusedOption{}, false
}

// RefuseVariable returns whether a worker must not have a variable, and why:
// Uvicorn reads --port from UVICORN_PORT, and its other options likewise.
func RefuseVariable(name string) (RefusedOption, bool) {
	if r, ok := refusedVariables[name]; ok {
		return r, true
	}
	option, ok := strings.CutPrefix(name, "UVICORN_")
	if !ok {
		return RefusedOption{}, false
	}
	return RefuseOption("--" + strings.ToLower(strings.ReplaceAll(option, "_", "-")))
}
