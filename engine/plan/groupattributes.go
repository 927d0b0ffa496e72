package plan

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ldcorn/ldcorn/engine/match"
)

// groupAttribute is an entry of the table of WorkerGroup's arguments.
type groupAttribute = Attribute[Group]

// GroupAttributes lists the arguments of WorkerGroup in the order of its
// signature: the nine of the Python original, then the keyword-only ones.
var GroupAttributes = slices.Concat(originalAttributes, byName(processAttributes, systemAttributes, queueAttributes, bufferAttributes,
	trafficAttributes, drainAttributes, healthAttributes, metricsAttributes, recycleAttributes, headerAttributes, logAttributes))

// NewGroup returns a group with the default of each attribute. It has no name
// and no app.
func NewGroup() *Group {
	g := &Group{}
	for _, a := range GroupAttributes {
		if a.setDefault != nil {
			a.setDefault(g)
		}
	}
	return g
}

var originalAttributes = []groupAttribute{
	single(groupAttribute{Name: "name", Type: "str", Required: true, Effect: EffectIdentity,
		Rule: "1 to 48 of A-Z a-z 0-9 _ -", Example: `name="web"`,
		Doc: "The group's own name: in logs, plans and metrics."},
		func(g *Group) *string { return &g.Name }),
	single(groupAttribute{Name: "app", Type: "str", Required: true, Effect: EffectProcess,
		Rule: `"module:attribute"`, Example: `app="main:app"`,
		Doc:        "The application, as Uvicorn takes it. Uvicorn looks for the module in `cwd`, or else in the folder where ldcorn was started.",
		OtherNames: []string{"application", "target", "module", "asgi"}},
		func(g *Group) *string { return &g.App }),
	integer(groupAttribute{Name: "instances", Effect: EffectResize, Rule: "1 to 1024",
		Doc:        "The number of processes.",
		OtherNames: []string{"workers", "processes", "count", "replicas", "num_workers", "size", "n"}},
		1, MaxInstances, DefaultInstances, func(g *Group) *int { return &g.Instances }),
	integer(groupAttribute{Name: "max_req_per_worker", Effect: EffectProxy, Rule: "0 = no cap",
		Doc:        "How many requests one process works on at a time; the others wait in one queue.",
		OtherNames: []string{"concurrency", "limit_concurrency", "max_concurrency", "max_requests_per_worker", "threads"}},
		0, NoLimit, 0, func(g *Group) *int { return &g.MaxReqPerWorker }),
	routesAttribute(groupAttribute{Name: "routes", Type: "list[str | matcher | rule]", Default: `["*"]`, Effect: EffectProxy,
		Rule:       `not empty; each a rule, a matcher, a path prefix, a glob (* in a segment, ** across), or "*" for requests that no other route takes`,
		Doc:        "The requests that the group takes. Matchers are tried first, in the order written; then the string with the longest literal part wins.",
		OtherNames: []string{"route", "rules", "rule", "paths", "path", "prefix", "prefixes", "urls"}}),
	flag(groupAttribute{Name: "reload_on_sighup", Effect: EffectSupervisor,
		Doc:        "Whether a reload replaces the processes. With False they stay, while routes and limits still change.",
		OtherNames: []string{"reload", "hot_reload"}},
		true, func(g *Group) *bool { return &g.ReloadOnSighup }),
	choice(groupAttribute{Name: "uvicorn_log_level", Effect: EffectProcess,
		Doc:        "Uvicorn's own log level.",
		OtherNames: []string{"log_level", "loglevel", "level"}},
		"info", []string{"critical", "error", "warning", "info", "debug", "trace"}, func(g *Group) *string { return &g.LogLevel }),
	integer(groupAttribute{Name: "max_restarts_on_crash", Effect: EffectSupervisor, Rule: "0 = never restart",
		Doc:        "How many times in a row a crashed process is restarted before it counts as failed.",
		OtherNames: []string{"max_restarts", "restarts", "retries"}},
		0, NoLimit, DefaultMaxRestartsOnCrash, func(g *Group) *int { return &g.MaxRestartsOnCrash }),
	duration(groupAttribute{Name: "restart_backoff_on_crash", Effect: EffectSupervisor,
		Doc:        "The wait before the second restart in a row; each further one doubles it.",
		OtherNames: []string{"backoff", "restart_delay"}},
		2*time.Second, func(g *Group) *time.Duration { return &g.RestartBackoffOnCrash }),
}

var processAttributes = []groupAttribute{
	withSecrets(several(groupAttribute{Name: "env", Type: "dict[str, str | secret]", Default: "{}", Effect: EffectProcess,
		Rule:       "{index} in a value becomes the worker's index, but not in one from env_file",
		Doc:        "Variables for the processes, in addition to those of the master.",
		OtherNames: []string{"environment", "envs", "environ"}},
		func(g *Group) *[]EnvVar { return &g.Env }), envSecrets),
	several(groupAttribute{Name: "uvicorn_args", Type: "list[str]", Default: "[]", Effect: EffectProcess,
		Rule:       "must not contain options that ldcorn sets itself",
		Doc:        "More options for Uvicorn.",
		OtherNames: []string{"args", "extra_args", "uvicorn_options", "options"}},
		func(g *Group) *[]string { return &g.UvicornArgs }),
	single(groupAttribute{Name: "cwd", Type: "str | None", Default: "None", Effect: EffectProcess,
		Rule:       "a relative path starts at the configuration's folder",
		Doc:        "The folder to run in; None means the folder where ldcorn was started.",
		OtherNames: []string{"chdir", "dir", "directory", "workdir", "working_dir", "app_dir"}},
		func(g *Group) *string { return &g.Cwd }),
	single(groupAttribute{Name: "python", Type: "str | None", Default: "None", Effect: EffectProcess,
		Rule:       "a relative path starts at the configuration's folder",
		Doc:        "The interpreter; None means $VIRTUAL_ENV, .venv next to the configuration, the environment of ldcorn, or python3.",
		OtherNames: []string{"interpreter", "executable", "venv", "virtualenv"}},
		func(g *Group) *string { return &g.Python }),
	positive(groupAttribute{Name: "stop_timeout", Effect: EffectSupervisor,
		Doc:        "How long a process that was told to stop may take before it is killed.",
		OtherNames: []string{"graceful_timeout", "timeout_graceful_shutdown", "kill_timeout", "shutdown_timeout"}},
		10*time.Second, func(g *Group) *time.Duration { return &g.StopTimeout }),
}

// queueAttributes control how requests wait.
var queueAttributes = []groupAttribute{
	integer(groupAttribute{Name: "queue_limit", Effect: EffectProxy, Rule: "0 = no limit",
		Doc:        "How many requests may wait for a free process; any further request gets 503. Without `max_req_per_worker` and `limits`, requests wait only while the group has no process.",
		OtherNames: []string{"max_queue", "queue_size", "max_queued", "backlog"}},
		0, NoLimit, 0, func(g *Group) *int { return &g.QueueLimit }),
	duration(groupAttribute{Name: "queue_timeout", Effect: EffectProxy, Rule: "0 = no limit",
		Doc:        "How long a request may wait for a free process before it gets 503. Without `max_req_per_worker` and `limits`, requests wait only while the group has no process.",
		OtherNames: []string{"max_wait", "wait_timeout", "queue_wait"}},
		0, func(g *Group) *time.Duration { return &g.QueueTimeout }),
	several(groupAttribute{Name: "limits", Type: "list[limit]", Default: "[]", Effect: EffectProxy,
		Rule:       "of `limit`, each with a name of its own",
		Doc:        "Limits that the group shares with other groups: how many requests all of them together work on at a time. Groups whose requests wait for one take turns.",
		OtherNames: []string{"shared_limits", "semaphores", "locks", "resources", "pool"}},
		func(g *Group) *[]Limit { return &g.Limits }),
	choice(groupAttribute{Name: "queue", Effect: EffectProxy,
		Doc:        "The order of the requests that wait. \"fifo\" is first come, first served. \"adaptive\" is the same until waiting clients give up or time out; then the newest request comes first, because its client still waits.",
		OtherNames: []string{"queue_order", "queue_discipline", "discipline", "queue_policy", "scheduling"}},
		DisciplineAdaptive, []Discipline{DisciplineAdaptive, DisciplineFIFO}, func(g *Group) *Discipline { return &g.Queue }),
	integer(groupAttribute{Name: "priority", Effect: EffectProxy, Rule: "-100 to 100",
		Doc:        "Of the requests that wait, those with a higher priority come first. Every tenth free process goes to a lower priority, so that none waits forever. `rule` and `to` set it for single requests.",
		OtherNames: []string{"prio", "weight", "importance"}},
		LeastPriority, MostPriority, 0, func(g *Group) *int { return &g.Priority }),
	single(groupAttribute{Name: "fair", Type: "key | None", Default: "None", Effect: EffectProxy,
		Rule:       match.KeyForms,
		Doc:        "Gives the clients that wait turns, so that many requests of one client do not delay the first of another. A client that can choose its key freely can take more turns.",
		OtherNames: []string{"fairness", "fair_by", "fair_queue", "fair_queuing", "tenant", "queue_by"}},
		func(g *Group) *match.Key { return &g.Fair }),
}

// bufferAttributes control what a slow client can keep waiting.
var bufferAttributes = []groupAttribute{
	bufferSize(groupAttribute{Name: "request_buffer", Effect: EffectProxy,
		Doc:        "How much of a request's body the master takes in before it asks for a free process, so that a slow upload keeps no process busy. `rule` and `to` set it for single requests: an app that answers before it has read the body needs 0.",
		OtherNames: []string{"request_buffering", "proxy_request_buffering", "client_body_buffer_size", "body_buffer", "buffer_requests"}},
		func(g *Group) *BufferSize { return &g.RequestBuffer }),
	bufferSize(groupAttribute{Name: "response_buffer", Effect: EffectProxy,
		Doc:        "How much of an answer the master keeps for a client that reads slowly, so that the process is free once the app is done. Bytes that the client takes are never late.",
		OtherNames: []string{"response_buffering", "proxy_buffering", "proxy_buffers", "answer_buffer", "buffer_responses"}},
		func(g *Group) *BufferSize { return &g.ResponseBuffer }),
}

// bufferSize completes the entry for the size of a buffer.
func bufferSize(a groupAttribute, place func(*Group) *BufferSize) groupAttribute {
	a.Type, a.Unit = "size | None", "bytes"
	a.Rule = fmt.Sprintf("0 = no buffer; None = %s with `max_req_per_worker` or `limits`, otherwise 0", strings.Trim(Bytes(DefaultCappedBuffer).String(), `"`))
	return scalar(a, 0, 0, BufferSize{}, place)
}

// trafficAttributes control which process gets a request, and how long it has.
var trafficAttributes = []groupAttribute{
	rateLimit(groupAttribute{Name: "rate_limit",
		Doc: "How often each client may send requests to the group; a request that comes too soon gets 429 with Retry-After."},
		func(g *Group) *RateLimit { return &g.RateLimit }),
	choice(groupAttribute{Name: "balance", Effect: EffectProxy,
		Doc:        "Which process gets a request: the one with the fewest in hand, or each in turn.",
		OtherNames: []string{"load_balancing", "lb", "lb_policy", "algorithm", "strategy"}},
		DefaultBalance, []Balance{BalanceLeastBusy, BalanceRoundRobin}, func(g *Group) *Balance { return &g.Balance }),
	withSecrets(single(groupAttribute{Name: "sticky", Type: "key | affinity | None", Default: "None", Effect: EffectProxy,
		Rule:       StickyForms,
		Doc:        "Sends all requests of a client, or of a session, to the same process, for as long as that process runs. A key of the client chooses a process by its hash; `by_issued` and `by_session` keep to the process that the first request got.",
		OtherNames: []string{"sticky_sessions", "affinity", "session_affinity", "ip_hash", "hash"}},
		func(g *Group) *Sticky { return &g.Sticky }), stickySecrets),
	duration(groupAttribute{Name: "request_timeout", Effect: EffectProxy, Rule: "0 = no limit",
		Doc:        "How long a process may take until it begins to answer; then the client gets 504.",
		OtherNames: []string{"timeout", "read_timeout", "response_timeout", "worker_timeout"}},
		0, func(g *Group) *time.Duration { return &g.RequestTimeout }),
	choice(groupAttribute{Name: "client_disconnect", Type: "str | None", Effect: EffectProxy,
		Doc:        "What happens to a request whose client has gone: with \"cancel\" the app is told at once; with \"finish\" the process stays busy until the app has answered. None means \"finish\" in a group with max_req_per_worker or limits, otherwise \"cancel\".",
		OtherNames: []string{"on_disconnect", "on_client_disconnect"}},
		DisconnectAuto, []Disconnect{DisconnectCancel, DisconnectFinish}, func(g *Group) *Disconnect { return &g.ClientDisconnect }),
	optionalDuration(groupAttribute{Name: "slow_request", Effect: EffectProxy,
		Doc:        "How long a process may have a whole request without beginning to answer before the log says so, while the request runs. Time in the queue does not count, nor time for the rest of an answer that has begun.",
		OtherNames: []string{"slow_request_timeout", "request_slowlog_timeout", "stuck_after"}},
		func(g *Group) *time.Duration { return &g.SlowRequest }),
	flag(groupAttribute{Name: "dump_on_stuck", Effect: EffectProxy, Rule: "only with `slow_request`",
		Doc:        "Whether to log the stack of a process with such a request: by SIGUSR1 if the app has called faulthandler.register(signal.SIGUSR1, all_threads=True), or else by py-spy.",
		OtherNames: []string{"dump_stack", "dump_traceback", "stack_dump", "faulthandler"}},
		false, func(g *Group) *bool { return &g.DumpOnStuck }),
}

// drainAttributes control what a replaced process may still finish.
var drainAttributes = []groupAttribute{
	duration(groupAttribute{Name: "drain_timeout", Effect: EffectSupervisor, Rule: "0 = as long as they take",
		Doc: "How long a replaced process may continue with its requests before it is stopped."},
		0, func(g *Group) *time.Duration { return &g.DrainTimeout }),
	duration(groupAttribute{Name: "websocket_grace", Effect: EffectSupervisor, Rule: "0 = closed at once",
		Doc:        "How long a replaced process keeps its websockets open.",
		OtherNames: []string{"websocket_timeout", "ws_grace"}},
		DefaultWebsocketGrace, func(g *Group) *time.Duration { return &g.WebsocketGrace }),
}

var healthAttributes = []groupAttribute{
	single(groupAttribute{Name: "health_path", Type: "str | None", Default: "None", Effect: EffectSupervisor,
		Rule:       `such as "/healthz"`,
		Doc:        "The path that a process must answer with 2xx before it gets requests, and for as long as it runs; None means no checks.",
		OtherNames: []string{"healthcheck", "health_check", "health_url", "healthcheck_path", "liveness_path", "readiness_path"}},
		func(g *Group) *string { return &g.HealthPath }),
	headerEdits(groupAttribute{Name: "health_headers", Effect: EffectSupervisor, Rule: "; only with `health_path` or `metrics_path`",
		Doc:        `Changes to the headers of the requests for health_path and metrics_path, which by default have "Host: localhost" and a client at 127.0.0.1 over http.`,
		OtherNames: []string{"health_header", "healthcheck_headers", "health_host"}},
		func(g *Group) *[]HeaderEdit { return &g.HealthHeaders }),
	positive(groupAttribute{Name: "health_interval", Effect: EffectSupervisor,
		Doc:        "The time between two health checks of a healthy process.",
		OtherNames: []string{"check_interval", "healthcheck_interval"}},
		DefaultHealthInterval, func(g *Group) *time.Duration { return &g.HealthInterval }),
	positive(groupAttribute{Name: "health_timeout", Effect: EffectSupervisor,
		Doc:        "How long a health check may take.",
		OtherNames: []string{"check_timeout", "healthcheck_timeout"}},
		DefaultHealthTimeout, func(g *Group) *time.Duration { return &g.HealthTimeout }),
	integer(groupAttribute{Name: "unhealthy_after", Effect: EffectSupervisor, Rule: "1 or more",
		Doc:        "How many health checks must fail in a row before a process is replaced.",
		OtherNames: []string{"unhealthy_threshold", "failure_threshold", "max_fails"}},
		1, NoLimit, DefaultUnhealthyAfter, func(g *Group) *int { return &g.UnhealthyAfter }),
}

// metricsAttributes say what of the app's own metrics the admin listener shows.
var metricsAttributes = []groupAttribute{
	single(groupAttribute{Name: "metrics_path", Type: "str | None", Default: "None", Effect: EffectSupervisor,
		Rule:       `such as "/metrics"`,
		Doc:        "The path on which the app has its metrics for Prometheus. /metrics/apps of `admin` asks every process for them and answers with all of them, also without a login if there is no `admin_token`; None means that the app has none.",
		OtherNames: []string{"metrics", "metrics_url", "prometheus_path", "prometheus_metrics_path", "scrape_path"}},
		func(g *Group) *string { return &g.MetricsPath }),
	flag(groupAttribute{Name: "metrics_sum", Effect: EffectSupervisor, Rule: "only with `metrics_path`",
		Doc:        "Whether /metrics/apps shows the sum of all processes of the group, also of those that have ended, rather than each process. Gauges stay as they are. The master then asks every 5 seconds.",
		OtherNames: []string{"sum_metrics", "metrics_aggregate", "prometheus_multiproc"}},
		false, func(g *Group) *bool { return &g.MetricsSum }),
}

// recycleAttributes control when a process that works is replaced.
var recycleAttributes = []groupAttribute{
	integer(groupAttribute{Name: "max_requests", Effect: EffectSupervisor, Rule: "0 = never",
		Doc:        "The number of requests after which a process is replaced.",
		OtherNames: []string{"limit_max_requests"}},
		0, NoLimit, 0, func(g *Group) *int { return &g.MaxRequests }),
	integer(groupAttribute{Name: "max_requests_jitter", Effect: EffectSupervisor, Rule: "0 = the same for all",
		Doc:        "How many more requests some processes get, so that they are not all replaced at once.",
		OtherNames: []string{"limit_max_requests_jitter"}},
		0, NoLimit, 0, func(g *Group) *int { return &g.MaxRequestsJitter }),
	size(groupAttribute{Name: "max_rss", Effect: EffectSupervisor, Rule: "0 = no limit",
		Doc:        "The resident memory of a process and its children at which the process is replaced.",
		OtherNames: []string{"max_memory", "memory_limit", "max_memory_per_worker", "max_memory_per_child"}},
		0, func(g *Group) *int64 { return &g.MaxRSS }),
	duration(groupAttribute{Name: "max_lifetime", Effect: EffectSupervisor, Rule: "0 = no limit", Long: true,
		Doc:        "The age at which a process is replaced; some go up to a tenth sooner, so that they are not all replaced at once.",
		OtherNames: []string{"max_age", "lifetime", "max_worker_lifetime", "workers_lifetime"}},
		0, func(g *Group) *time.Duration { return &g.MaxLifetime }),
}

var headerAttributes = []groupAttribute{
	headerEdits(groupAttribute{Name: "request_headers", Effect: EffectProxy,
		Doc:        "Changes to the headers of a request before a process gets it, after those of LdConfig.",
		OtherNames: []string{"headers", "set_header", "set_headers", "extra_headers", "proxy_set_header"}},
		func(g *Group) *[]HeaderEdit { return &g.RequestHeaders }),
	headerEdits(groupAttribute{Name: "response_headers", Effect: EffectProxy,
		Doc:        "Changes to the headers of a process's answer before the client gets it, after those of LdConfig; they do not apply to ldcorn's own error answers.",
		OtherNames: []string{"answer_headers", "add_headers", "add_header"}},
		func(g *Group) *[]HeaderEdit { return &g.ResponseHeaders }),
	single(groupAttribute{Name: "strip_prefix", Type: "str | None", Default: "None", Effect: EffectProxy,
		Rule:       `whole segments, such as "/api"`,
		Doc:        "The prefix to remove from the path before a process gets it; X-Forwarded-Prefix tells the process about it. Routes see the whole path.",
		OtherNames: []string{"strip_path", "remove_prefix", "root_path", "path_prefix", "mount", "stripprefix"},
		Show:       func(g *Group) string { return StripPrefix(g.StripPrefix).String() }},
		func(g *Group) *string { return &g.StripPrefix }),
}

// logAttributes control what the access log has of the group's requests.
var logAttributes = []groupAttribute{
	defaulted(groupAttribute{Name: "access_log", Type: "bool | str | None", Effect: EffectProxy,
		Rule:       "True for standard output, False for none, or the path of a file; a relative path starts at the configuration's folder",
		Doc:        "Where a line for each request of the group is written; None means where LdConfig says. With False, the terminal shows none, either.",
		OtherNames: accessLogNames},
		AccessLogAuto, func(g *Group) *AccessLog { return &g.AccessLog }),
	logFields(groupAttribute{Doc: "What a line has for requests of the group; None means what LdConfig says."},
		func(g *Group) *[]LogField { return &g.LogFields }),
	defaulted(groupAttribute{Name: "log_sample", Type: "float | None", Effect: EffectProxy, Rule: logSampleRule, OtherNames: logSampleNames,
		Doc: "The part of the group's requests with a status of 2xx or 3xx that the access log has; None means what LdConfig says."},
		0, func(g *Group) *LogSample { return &g.LogSample }),
	optional(groupAttribute{Name: "log_slow", Type: "duration | None", Unit: "seconds", Rule: "0 = no request counts as slow", OtherNames: logSlowNames,
		Doc: "Requests of the group that take this long are logged whatever `log_sample` is; None means what LdConfig says."},
		0, 0, func(d time.Duration) string { return Seconds(d).String() }, func(g *Group) **time.Duration { return &g.LogSlow }),
}

// routesAttribute completes the entry for routes, which are compared as
// written.
func routesAttribute(a groupAttribute) groupAttribute {
	a.Show = func(g *Group) string { return showList(routeTexts(g.Routes)) }
	a.Same = func(x, y *Group) bool { return slices.Equal(routeTexts(x.Routes), routeTexts(y.Routes)) }
	a.Copy = func(to, from *Group) { to.Routes = from.Routes }
	a.setDefault = func(g *Group) {
		g.Routes = []Route{{Matcher: match.Default()}}
	}
	return a
}

func envSecrets(p *Group) (out []string) {
	for _, v := range p.Env {
		if v.Value.IsSecret() {
			out = append(out, v.Value.Reveal())
		}
	}
	return out
}

// A routeText is a route as written.
type routeText string

func routeTexts(routes []Route) []routeText {
	out := make([]routeText, len(routes))
	for i := range routes {
		out[i] = routeText(routes[i].Written())
	}
	return out
}
