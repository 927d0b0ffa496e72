package plan

import (
	"net/netip"
	"slices"
	"time"
)

// planAttribute is an entry of the table of LdConfig's arguments.
type planAttribute = Attribute[Plan]

// PlanAttributes lists the arguments of LdConfig in the order of its signature:
// the two of the Python original, then the keyword-only ones.
var PlanAttributes = slices.Concat([]planAttribute{bindAttribute, workersAttribute},
	byName(bindFileAttributes, routerAttributes, staticAttributes, clientAttributes, bufferSpaceAttributes, planHeaderAttributes, probeAttributes, masterAttributes, commandAttributes))

// NewPlan returns a plan with the default of each attribute. It has no groups.
func NewPlan() *Plan {
	p := &Plan{}
	for _, a := range PlanAttributes {
		if a.setDefault != nil {
			a.setDefault(p)
		}
	}
	p.SetListeners(p.Listeners)
	return p
}

// bindAttribute is not part of a diff as a whole, because a diff compares listener
// by listener.
var bindAttribute = planAttribute{Name: "bind", Type: "str | listener | list[str | listener]", Default: show(DefaultBind), Effect: EffectListener, Apart: true,
	Rule:       "addresses such as " + bindRule + "; or listen(…)",
	Doc:        "Where the master listens: one address or several. The default is port 8000 of every address of the machine.",
	OtherNames: []string{"host", "port", "address", "addr", "listen", "listeners", "url", "socket", "uds"},
	Show:       showListeners,
	Same:       func(a, b *Plan) bool { return showListeners(a) == showListeners(b) },
	Copy:       func(to, from *Plan) { to.Listeners = from.Listeners },
	setDefault: func(p *Plan) { p.Listeners = []Listener{{Bind: Bind{Network: "tcp", Address: DefaultBind}}} }}

// bindRule is how an address can be written.
const bindRule = `"host:port", "[v6]:port", ":port", "unix:/path", "systemd" for the socket that the service manager passed, or "systemd:name" for one of several`

// workersAttribute is not part of a diff as a whole, because a diff compares
// group by group.
var workersAttribute = planAttribute{Name: "workers", Type: "list[WorkerGroup]", Required: true, Effect: EffectNone,
	Rule:       "at least one, with names of their own",
	Doc:        "The worker groups, in the order in which equal routes are tried.",
	Example:    "workers=[WorkerGroup(…)]",
	OtherNames: []string{"groups", "pools", "worker_groups", "apps"}}

// bindFileAttributes control the file of a unix socket.
var bindFileAttributes = []planAttribute{
	defaulted(planAttribute{Name: "bind_mode", Type: "str | None", Effect: EffectListener,
		Rule:       `3 or 4 octal digits such as "0660"; only with an address "unix:…"`,
		Doc:        "The permissions of the files of unix sockets without a `mode` of their own: anybody with write permission can connect. None leaves them to the umask.",
		OtherNames: []string{"socket_mode", "mode", "umask", "chmod", "uds_mode", "unix_mode"}},
		0, func(p *Plan) *BindMode { return &p.BindMode }),
	defaulted(planAttribute{Name: "bind_owner", Type: "str | None", Effect: EffectListener,
		Rule:       `"user:group", "user" or ":group", with names from /etc/passwd and /etc/group or numbers; only with an address "unix:…"`,
		Doc:        "The owner of the files of unix sockets without an `owner` of their own; None means the master's own user and group.",
		OtherNames: []string{"socket_owner", "owner", "chown", "socket_user", "socket_group", "bind_group", "bind_user"}},
		BindOwner{}, func(p *Plan) *BindOwner { return &p.BindOwner }),
}

var routerAttributes = []planAttribute{
	// Two routers are the same if they would do the same.
	{Name: "router", Type: "router | None", Default: "None", Effect: EffectProxy,
		Rule: "a function of one argument, the request",
		Doc: "Is called for each request before the routes are tried. It returns None to leave the request to them, a group's name, " +
			"to(…), respond(…) or redirect(…).",
		OtherNames: []string{"route", "route_fn", "routing", "on_request"},
		Show:       func(p *Plan) string { return showRouter(p.Router) },
		Same:       func(a, b *Plan) bool { return sameRouter(a.Router, b.Router) },
		Digest:     func(p *Plan) string { return routerDigest(p.Router) },
		Secrets:    func(p *Plan) []string { return routerSecrets(p.Router) },
		Copy:       func(to, from *Plan) { to.Router = from.Router }},
	integer(planAttribute{Name: "router_steps", Effect: EffectProxy, Rule: "100 to 1000000",
		Doc:        "How many steps of the interpreter one call of the router may take.",
		OtherNames: []string{"max_steps", "router_max_steps", "router_timeout", "router_budget"}},
		100, MaxRouterSteps, 10_000, func(p *Plan) *int { return &p.RouterSteps }),
	choice(planAttribute{Name: "on_router_error", Effect: EffectProxy,
		Doc:        "What happens to a request on which the router fails: it gets 500, or the routes find its group. A client can make many routers fail: if the router protects something, reject.",
		OtherNames: []string{"router_error", "router_on_error", "on_error"}},
		RouterReject, []OnRouterError{RouterReject, RouterFallback}, func(p *Plan) *OnRouterError { return &p.OnRouterError }),
}

var staticAttributes = []planAttribute{
	{Name: "static", Type: "list[static]", Default: "[]", Effect: EffectProxy,
		Rule: "at most 64, with prefixes of their own",
		Doc: "Folders whose files ldcorn itself serves. They are asked after the router and before the routes; " +
			"of several, the one with the longest prefix comes first.",
		OtherNames: []string{"statics", "static_files", "static_dirs", "static_folders", "assets", "mounts"},
		Show:       func(p *Plan) string { return showList(p.Statics) },
		Same:       func(a, b *Plan) bool { return sameStatics(a.Statics, b.Statics) },
		Copy:       func(to, from *Plan) { to.Statics = from.Statics }},
}

// clientAttributes control what is trusted of clients, and how long and how
// large what they send may be.
var clientAttributes = []planAttribute{
	choice(planAttribute{Name: "forwarded", Effect: EffectProxy,
		Doc:        "What happens to X-Forwarded-* and Forwarded headers: overwrite them, append to those of a trusted peer, or remove them; without them the app does not know the client.",
		OtherNames: []string{"proxy_headers"}},
		DefaultForwarded, []Forwarded{ForwardedSet, ForwardedAppend, ForwardedOff}, func(p *Plan) *Forwarded { return &p.Forwarded }),
	shownAs(several(planAttribute{Name: "trusted_proxies", Type: "list[str]", Default: "[]", Effect: EffectProxy,
		Rule:       `networks such as "10.0.0.0/8", or single addresses`,
		Doc:        "The peers whose forwarded headers are trusted.",
		OtherNames: []string{"forwarded_allow_ips"}},
		func(p *Plan) *[]netip.Prefix { return &p.TrustedProxies }),
		func(p *Plan) string { return showList(texts(p.TrustedProxies)) }),
	duration(planAttribute{Name: "header_timeout", Effect: EffectProxy, Rule: "0 = no limit",
		Doc: "How long a client may take to send a request's head, or for a TLS handshake."},
		DefaultHeaderTimeout, func(p *Plan) *time.Duration { return &p.HeaderTimeout }),
	duration(planAttribute{Name: "idle_timeout", Effect: EffectProxy, Rule: "0 = no limit",
		Doc:        "How long a client's connection may stay open between requests.",
		OtherNames: []string{"keep_alive", "keepalive", "timeout_keep_alive", "keep_alive_timeout"}},
		DefaultIdleTimeout, func(p *Plan) *time.Duration { return &p.IdleTimeout }),
	headSize(planAttribute{Name: "max_header_size",
		Doc:        "How large a request's head may be; a request with a larger one gets 431.",
		OtherNames: []string{"limit_request_fields", "h11_max_incomplete_event_size", "max_head_size", "header_size"}},
		DefaultMaxHeaderSize, func(p *Plan) *int { return &p.MaxHeaderSize }),
	headSize(planAttribute{Name: "max_response_header_size",
		Doc:        "How large the head of a process's answer may be; it may have up to 1,000 headers. If it is larger, the client gets 502.",
		OtherNames: []string{"max_answer_header_size", "proxy_buffer_size", "response_header_size"}},
		DefaultMaxResponseHeaderSize, func(p *Plan) *int { return &p.MaxResponseHeaderSize }),
	size(planAttribute{Name: "max_body_size", Effect: EffectProxy, Rule: "0 = no limit",
		Doc:        "How large a request's body may be; a request with a larger one gets 413.",
		OtherNames: []string{"client_max_body_size", "max_request_size", "body_size"}},
		0, func(p *Plan) *int64 { return &p.MaxBodySize }),
	rateLimit(planAttribute{Name: "rate_limit",
		Doc: "How often each client may send requests to this server, beside the limits of groups; a request that comes too soon gets 429 with Retry-After."},
		func(p *Plan) *RateLimit { return &p.RateLimit }),
	flag(planAttribute{Name: "underscores_in_headers", Effect: EffectProxy,
		Doc:        "Whether a process gets request headers with an underscore in their names. Many apps treat X_User as X-User; regardless of this setting, no app gets a header that it could mistake for one that ldcorn reads or writes.",
		OtherNames: []string{"allow_underscores", "header_map", "underscore_headers"}},
		false, func(p *Plan) *bool { return &p.UnderscoresInHeaders }),
}

// bufferSpaceAttributes control where the bytes of all buffers wait.
var bufferSpaceAttributes = []planAttribute{
	size(planAttribute{Name: "buffer_memory", Effect: EffectProxy, Rule: "of all buffers together; 0 = no buffers",
		Doc:        "How much of what request_buffer and response_buffer hold may wait in memory: the first 64 KiB of each body, and what is on its way to a file. What does not fit waits in files.",
		OtherNames: []string{"buffers_memory", "max_buffer_memory", "buffer_size", "buffers"}},
		DefaultBufferMemory, func(p *Plan) *int64 { return &p.BufferMemory }),
	shownAs(single(planAttribute{Name: "buffer_dir", Type: "str | None", Default: "None", Effect: EffectProxy,
		Rule:       "a folder that exists; a relative path starts at the configuration's folder",
		Doc:        "The folder of the files, which have no names and leave nothing behind. None means /var/tmp. It must be on a disk: a tmpfs is memory, and is not used.",
		OtherNames: []string{"buffer_path", "buffer_folder", "client_body_temp_path", "proxy_temp_path", "temp_dir", "tmp_dir", "spool_dir"}},
		func(p *Plan) *string { return &p.BufferDir }),
		func(p *Plan) string {
			if p.BufferDir == "" {
				return "None"
			}
			return show(p.BufferDir)
		}),
	size(planAttribute{Name: "buffer_limit", Effect: EffectProxy, Rule: "of all files together; 0 = no files",
		Doc:        "How much may wait in files. What does not fit is relayed as its receiver takes it, as without a buffer.",
		OtherNames: []string{"buffer_disk", "max_buffer", "buffer_disk_limit", "max_temp_file_size", "proxy_max_temp_file_size"}},
		DefaultBufferLimit, func(p *Plan) *int64 { return &p.BufferLimit }),
}

// headSize completes the entry for the maximum size of a head.
func headSize(a planAttribute, def int, place func(*Plan) *int) planAttribute {
	a.Type, a.Unit, a.Effect = "size", "bytes", EffectProxy
	a.Rule = "from 1KiB to 16MiB"
	a.Show = func(p *Plan) string { return Bytes(*place(p)).String() }
	return defaulted(a, def, place)
}

var planHeaderAttributes = []planAttribute{
	headerEdits(planAttribute{Name: "request_headers", Effect: EffectProxy,
		Doc:        "Changes to the headers of a request before a process gets it.",
		OtherNames: []string{"headers", "set_header", "set_headers", "extra_headers", "proxy_set_header"}},
		func(p *Plan) *[]HeaderEdit { return &p.RequestHeaders }),
	headerEdits(planAttribute{Name: "response_headers", Effect: EffectProxy,
		Doc:        "Changes to the headers of a process's answer, or of a file of `static`, before the client gets it; they do not apply to ldcorn's own error answers.",
		OtherNames: []string{"answer_headers", "add_headers", "add_header"}},
		func(p *Plan) *[]HeaderEdit { return &p.ResponseHeaders }),
}

// probeAttributes control what ldcorn tells load balancers about itself.
var probeAttributes = []planAttribute{
	probePath(planAttribute{Name: "live_path",
		Rule:       `such as "/-/live"`,
		Doc:        "The path on which ldcorn itself answers GET with 200 as long as it runs, on every listener and before anything else; None means none.",
		OtherNames: []string{"live", "livez", "liveness_path", "ping_path", "alive_path"}},
		func(p *Plan) *string { return &p.LivePath }),
	probePath(planAttribute{Name: "ready_path",
		Rule:       `such as "/-/ready"`,
		Doc:        "The path on which ldcorn itself answers GET with 200 while it can serve requests, and otherwise with 503; with ?group=NAME it speaks for that group only.",
		OtherNames: []string{"ready", "readyz", "readiness_path", "health_path", "health_check", "healthcheck_path"}},
		func(p *Plan) *string { return &p.ReadyPath }),
	choice(planAttribute{Name: "ready_when", Effect: EffectProxy,
		Doc:        "Whether any group or every group must have a ready process for `ready_path` to answer 200. With \"all\", one broken group takes the whole machine out of a load balancer.",
		OtherNames: []string{"ready_if", "readiness"}},
		ReadyAny, []ReadyWhen{ReadyAny, ReadyAll}, func(p *Plan) *ReadyWhen { return &p.ReadyWhen }),
}

// probePath completes the entry for a path that ldcorn itself answers.
func probePath(a planAttribute, place func(*Plan) *string) planAttribute {
	a.Type, a.Default, a.Effect = "str | None", "None", EffectProxy
	return shownAs(single(a, place), func(p *Plan) string {
		if *place(p) == "" {
			return "None"
		}
		return show(*place(p))
	})
}

// masterAttributes control the master's logs, its sockets and its life.
var masterAttributes = []planAttribute{
	defaulted(planAttribute{Name: "access_log", Type: "bool | str | None", Effect: EffectProxy,
		Rule:       "True for standard output, False for none, or the path of a file; a relative path starts at the configuration's folder",
		Doc:        "Where a line for each request is written. Every reload reopens the file. On a terminal, the master's log has a short line for each request, too, unless this is False.",
		OtherNames: accessLogNames},
		AccessLogAuto, func(p *Plan) *AccessLog { return &p.AccessLog }),
	choice(planAttribute{Name: "log_format", Effect: EffectProxy,
		Doc:        "The format of the access log's lines: Apache's combined format with more fields after it, or JSON objects.",
		OtherNames: []string{"access_log_format", "access_logformat"}},
		LogText, []LogFormat{LogText, LogJSON}, func(p *Plan) *LogFormat { return &p.LogFormat }),
	logFields(planAttribute{
		Doc: "What a line of the access log has, in this order. None means what the format has by itself. A text line then consists of name=value pairs."},
		func(p *Plan) *[]LogField { return &p.LogFields }),
	defaulted(planAttribute{Name: "log_sample", Type: "float", Effect: EffectProxy, Rule: logSampleRule, OtherNames: logSampleNames,
		Doc: "The part of the requests with a status of 2xx or 3xx that the access log has. Requests that failed, were refused or were slow are always logged. A line that stands for others says so: it has the field `sample`."},
		1, func(p *Plan) *LogSample { return &p.LogSample }),
	duration(planAttribute{Name: "log_slow", Effect: EffectProxy, Rule: "0 = no request counts as slow", OtherNames: logSlowNames,
		Doc: "Requests that take this long are logged whatever `log_sample` is."},
		DefaultLogSlow, func(p *Plan) *time.Duration { return &p.LogSlow }),
	tracingAttribute,
	defaulted(planAttribute{Name: "admin", Type: "str | None", Effect: EffectListener,
		Rule:       `"host:port", "[v6]:port", ":port" or "unix:/path"`,
		Doc:        "Where the master serves the dashboard, /metrics and /metrics/apps for Prometheus, /livez and /readyz. They need no login, except for /metrics/apps with `admin_token`; None means nowhere.",
		OtherNames: []string{"metrics", "metrics_bind", "metrics_port", "admin_bind", "admin_port", "health", "status", "dashboard"}},
		Bind{}, func(p *Plan) *Bind { return &p.Admin }),
	withSecrets(single(planAttribute{Name: "admin_token", Type: "secret | None", Default: "None", Effect: EffectProxy,
		Rule:       "at least 16 bytes",
		Doc:        "The token with which the dashboard shows what clients and workers wrote: requests, logs, last words. None means that it shows this only over a unix socket, to the master's own user.",
		OtherNames: []string{"admin_password", "admin_key", "admin_secret", "dashboard_token", "token", "api_key"},
		Show:       func(p *Plan) string { return showSecret(p.AdminToken) }},
		func(p *Plan) *Text { return &p.AdminToken }), func(p *Plan) []string { return textSecrets(p.AdminToken) }),
	flag(planAttribute{Name: "admin_actions", Effect: EffectProxy,
		Rule:       "only with `admin_token`",
		Doc:        "Whether the dashboard can reload, restart, scale and hold, for those who have the token.",
		OtherNames: []string{"admin_write", "admin_control", "dashboard_actions", "actions"}},
		false, func(p *Plan) *bool { return &p.AdminActions }),
	defaulted(planAttribute{Name: "control_socket", Type: "str | None", Effect: EffectRestart,
		Rule:       "at most 107 bytes; a relative path starts at the configuration's folder",
		Doc:        "The path of the socket where the master answers the command line, only for its own user and root; None means a socket in its runtime directory.",
		OtherNames: []string{"control", "ctl_socket", "control_path"}},
		"", func(p *Plan) *ControlSocket { return &p.ControlSocket }),
	positive(planAttribute{Name: "startup_timeout", Effect: EffectSupervisor,
		Doc: "How long a worker may take from its start until it is ready."},
		DefaultStartupTimeout, func(p *Plan) *time.Duration { return &p.StartupTimeout }),
	duration(planAttribute{Name: "shutdown_delay", Effect: EffectSupervisor, Rule: "0 = none",
		Doc:        "How long the master serves on after it was told to stop: `ready_path` answers 503, so that load balancers send no more requests, and every answer ends its connection.",
		OtherNames: []string{"lame_duck", "lame_duck_timeout", "grace_delay", "pre_stop", "prestop", "deregistration_delay", "request_accept_grace_timeout"}},
		0, func(p *Plan) *time.Duration { return &p.ShutdownDelay }),
	duration(planAttribute{Name: "shutdown_timeout", Effect: EffectSupervisor, Rule: "0 = cut off at once",
		Doc:        "How long requests may continue after the master was told to stop, and after shutdown_delay.",
		OtherNames: []string{"graceful_timeout", "drain_timeout"}},
		DefaultShutdownTimeout, func(p *Plan) *time.Duration { return &p.ShutdownTimeout }),
	defaulted(planAttribute{Name: "reload_surge", Type: "int | str | None", Effect: EffectSupervisor,
		Rule:       `1 or more workers, a percentage of all workers such as "25%", or None for no limit`,
		Doc:        "How many replacements a reload runs beside the workers that they replace. None replaces all workers in one step, which needs memory for twice as many.",
		OtherNames: []string{"max_surge", "surge", "surge_limit", "rolling"}},
		Surge{}, func(p *Plan) *Surge { return &p.ReloadSurge }),
}
