package builtin

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"go.starlark.net/starlark"

	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/starlark/diag"
	"github.com/ldcorn/ldcorn/starlark/value"
)

// A Config is the value of a call of LdConfig.
type Config struct {
	opaque
	Plan   *plan.Plan // without path, inputs and fingerprint
	Groups []*Group   // of Plan's groups, in their order
	Span   diag.Span  // of the word LdConfig

	Router     *starlark.Function // frozen, and nil where there is none; the plan has none yet
	RouterSpan diag.Span          // of the value of router=
}

func ldConfigWord() Word {
	return Word{
		Name:      "LdConfig",
		Returns:   "LdConfig",
		Doc:       "The whole configuration. Assign it to the name `config` at the top level of the file.",
		Arguments: arguments(configFields(), plan.Attributes),
	}
}

// ldConfig is the word LdConfig.
func (s *Session) ldConfig(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	s.configs++
	c := s.begin(thread, s.words["LdConfig"])
	have := c.bind(args, kwargs)
	bind, err := plan.ParseBind(plan.DefaultBind)
	if err != nil {
		return nil, err // the default is tested
	}
	cfg := &Config{opaque: "LdConfig", Span: c.span}
	cfg.Plan = &plan.Plan{
		Bind:                  bind,
		RouterSteps:           plan.DefaultRouterSteps,
		OnRouterError:         plan.DefaultOnRouterError,
		Forwarded:             plan.DefaultForwarded,
		HeaderTimeout:         plan.DefaultHeaderTimeout,
		IdleTimeout:           plan.DefaultIdleTimeout,
		MaxHeaderSize:         plan.DefaultMaxHeaderSize,
		MaxResponseHeaderSize: plan.DefaultMaxResponseHeaderSize,
		AccessLog:             plan.DefaultAccessLog,
		LogFormat:             plan.DefaultLogFormat,
		StartupTimeout:        plan.DefaultStartupTimeout,
		ShutdownTimeout:       plan.DefaultShutdownTimeout,
		Pos:                   position(c.span),
	}
	for _, f := range configFields() {
		if g := have[f.Name]; g != nil && f.set != nil && !value.IsUnset(g.value) {
			f.set(c, g, cfg.Plan)
		}
	}
	c.checkBindFile(have, cfg.Plan)
	if g := have["router"]; g != nil && !value.IsUnset(g.value) {
		cfg.Router, cfg.RouterSpan = c.router(g), g.span
	}
	if g := have["workers"]; g != nil && !value.IsUnset(g.value) {
		cfg.Groups = c.groups(g)
	}
	for _, g := range cfg.Groups {
		cfg.Plan.Groups = append(cfg.Plan.Groups, g.Spec)
	}
	return cfg, nil
}

// configFields are the arguments of LdConfig.
func configFields() []field[plan.Plan] {
	return slices.Concat(slices.Insert(listenFields(), 2, slices.Concat(bindFileFields(), routerFields())...), headerFields("", func(p *plan.Plan) *[]plan.HeaderEdit { return &p.RequestHeaders },
		func(p *plan.Plan) *[]plan.HeaderEdit { return &p.ResponseHeaders }), masterFields())
}

func listenFields() []field[plan.Plan] {
	return []field[plan.Plan]{
		{Argument{Name: "bind", Type: "str", Default: `"0.0.0.0:8000"`,
			Rule: `"host:port", "[v6]:port", ":port", "unix:/path", or "systemd" for a socket that the service manager passed`,
			Doc:  "Where the master listens.",
			aka:  []string{"host", "port", "address", "addr", "listen", "url", "socket", "uds"}}, setBind},
		{Argument{Name: "workers", Type: "list[WorkerGroup]", Required: true,
			Rule: "at least one, with names of their own",
			Doc:  "The worker groups, in the order in which equal routes are tried.", Example: "workers=[WorkerGroup(…)]",
			aka: []string{"groups", "pools", "worker_groups", "apps"}}, nil},
		choiceOf(Argument{Name: "forwarded", Keyword: true, Default: `"set"`,
			Doc: "What happens to X-Forwarded-* and Forwarded headers: overwrite them, append to those of a trusted peer, or remove them; without them the app sees no client.",
			aka: []string{"proxy_headers"}},
			[]plan.Forwarded{plan.ForwardedSet, plan.ForwardedAppend, plan.ForwardedOff},
			func(p *plan.Plan) *plan.Forwarded { return &p.Forwarded }),
		{Argument{Name: "trusted_proxies", Type: "list[str]", Keyword: true, Default: "[]",
			Rule: `networks such as "10.0.0.0/8", or single addresses`,
			Doc:  "The peers whose forwarded headers are believed.", aka: []string{"forwarded_allow_ips"}}, setTrustedProxies},
		durationOf(Argument{Name: "header_timeout", Keyword: true, Default: "5", Rule: "0 = no limit",
			Doc: "How long a client may take to send a request's head."},
			func(p *plan.Plan) *plan.Seconds { return (*plan.Seconds)(&p.HeaderTimeout) }),
		durationOf(Argument{Name: "idle_timeout", Keyword: true, Default: "75", Rule: "0 = no limit",
			Doc: "How long a client's connection may stay open between requests.", aka: []string{"keep_alive", "keepalive", "timeout_keep_alive", "keep_alive_timeout"}},
			func(p *plan.Plan) *plan.Seconds { return (*plan.Seconds)(&p.IdleTimeout) }),
		{Argument{Name: "max_header_size", Type: "size", Unit: "bytes", Keyword: true, Default: `"64KiB"`,
			Rule: "from 1KiB to 16MiB", Doc: "How large a request's head may be; one that is larger gets 431.",
			aka: []string{"limit_request_fields", "h11_max_incomplete_event_size", "max_head_size", "header_size"}}, headSize(func(p *plan.Plan) *int { return &p.MaxHeaderSize })},
		{Argument{Name: "max_response_header_size", Type: "size", Unit: "bytes", Keyword: true, Default: `"128KiB"`,
			Rule: "from 1KiB to 16MiB", Doc: "How large the head of a process's answer may be, which may have 1,000 headers; the client gets 502 for one that is larger.",
			aka: []string{"max_answer_header_size", "proxy_buffer_size", "response_header_size"}}, headSize(func(p *plan.Plan) *int { return &p.MaxResponseHeaderSize })},
		sizeOf(Argument{Name: "max_body_size", Keyword: true, Default: "0", Rule: "0 = no limit",
			Doc: "How large a request's body may be; one that is larger gets 413.", aka: []string{"client_max_body_size", "max_request_size", "body_size"}},
			func(p *plan.Plan) *plan.Bytes { return (*plan.Bytes)(&p.MaxBodySize) }),
		boolOf(Argument{Name: "underscores_in_headers", Keyword: true, Default: "False",
			Doc: "Whether a process gets the headers of a request that have an underscore in their names. Many apps take X_User for X-User; whatever this says, none gets one that it could take for a header which ldcorn reads or writes.",
			aka: []string{"allow_underscores", "header_map", "underscore_headers"}},
			func(p *plan.Plan) *bool { return &p.UnderscoresInHeaders }),
	}
}

func masterFields() []field[plan.Plan] {
	return []field[plan.Plan]{
		{Argument{Name: "access_log", Type: "bool | str", Keyword: true, Default: "False",
			Rule: "True for standard output, or the path of a file",
			Doc:  "Where a line for each request goes. A file is opened again by every reload.",
			aka:  []string{"accesslog", "access_logs", "access_logfile", "access_log_file"}}, setAccessLog},
		choiceOf(Argument{Name: "log_format", Keyword: true, Default: `"text"`,
			Doc: "The form of the access log's lines: Apache's combined format with more behind it, or JSON objects.",
			aka: []string{"access_log_format", "access_logformat"}},
			[]plan.LogFormat{plan.LogText, plan.LogJSON},
			func(p *plan.Plan) *plan.LogFormat { return &p.LogFormat }),
		{Argument{Name: "admin", Type: "str | None", Keyword: true, Default: "None",
			Rule: `"host:port", "[v6]:port", ":port" or "unix:/path"`,
			Doc:  "Where the master tells about itself: /metrics for Prometheus, /livez and /readyz. It only tells, and asks nobody who they are; None is nowhere.",
			aka:  []string{"metrics", "metrics_bind", "metrics_port", "admin_bind", "admin_port", "health", "status", "dashboard"}}, setAdmin},
		{Argument{Name: "control_socket", Type: "str | None", Keyword: true, Default: "None",
			Rule: "a path of at most 107 bytes; a relative one starts at the configuration's folder",
			Doc:  "Where the master answers the command line, for its own user and root alone; None is a socket in its runtime directory.",
			aka:  []string{"control", "ctl_socket", "control_path"}}, setControlSocket},
		positiveOf(Argument{Name: "startup_timeout", Keyword: true, Default: "60",
			Doc: "How long a worker may take from its start until it is ready."},
			func(p *plan.Plan) *plan.Seconds { return (*plan.Seconds)(&p.StartupTimeout) }),
		durationOf(Argument{Name: "shutdown_timeout", Keyword: true, Default: "10", Rule: "0 = cut at once",
			Doc: "How long requests may go on after the master was told to stop.", aka: []string{"graceful_timeout", "drain_timeout"}},
			func(p *plan.Plan) *plan.Seconds { return (*plan.Seconds)(&p.ShutdownTimeout) }),
		{Argument{Name: "reload_surge", Type: "int | str | None", Keyword: true, Default: "None",
			Rule: `1 or more workers, a percentage of all workers such as "25%", or None for no limit`,
			Doc:  "How many replacements a reload has running beside the workers that they replace. None replaces all of them in one step, and needs memory for twice as many.",
			aka:  []string{"max_surge", "surge", "surge_limit", "rolling"}}, setReloadSurge},
	}
}

func setControlSocket(c *call, g *given, p *plan.Plan) {
	s, ok := optionalString(c, g)
	if !ok {
		return
	}
	if rest, found := strings.CutPrefix(s, "unix:"); found {
		c.wrongValue(g, value.Wrong("write "+value.Quote(rest), "is a path alone: %s", value.Quote(s)))
		return
	}
	path := c.session.absolute(s)
	if len(path) > plan.MaxUnixPath {
		c.wrongValue(g, value.Wrong("", "makes a path of %d bytes, and a socket's has %d at most: %s", len(path), plan.MaxUnixPath, value.Quote(path)))
		return
	}
	p.ControlSocket = plan.ControlSocket(path)
}

// setReloadSurge reads a number of workers, or a percentage.
func setReloadSurge(c *call, g *given, p *plan.Plan) {
	var err error
	switch v := g.value.(type) {
	case starlark.NoneType:
		p.ReloadSurge = plan.Surge{}
	case starlark.Int:
		if p.ReloadSurge.Workers, err = value.Int(v, 1, noLimit); err != nil && v.Sign() == 0 {
			err = value.Wrong("write 1 to replace one worker at a time", "must be 1 or more: a worker goes only when its replacement is ready")
		}
	case starlark.String:
		if p.ReloadSurge, err = plan.ParseSurge(string(v)); err != nil {
			err = value.Wrong(`write it as "25%", or as a number of workers`, "%v", err)
		}
	default:
		err = value.WrongType(`a number of workers, a percentage such as "25%", or None`, v, "")
	}
	if err != nil {
		c.wrongValue(g, err)
	}
}

func setBind(c *call, g *given, p *plan.Plan) {
	if bind, ok := c.address(g, `write ":%v"`); ok {
		p.Bind = bind
	}
}

// setAdmin keeps to the machine itself where it suggests an address.
func setAdmin(c *call, g *given, p *plan.Plan) {
	if g.value == starlark.None {
		return
	}
	bind, ok := c.address(g, `write "127.0.0.1:%v"`)
	switch {
	case ok && bind.Network == "systemd":
		c.wrongValue(g, value.Wrong(`write "host:port" or "unix:/path"`, "cannot be %q: the socket that the service manager passes is for `bind`", bind))
	case ok:
		p.Admin = bind
	}
}

// address reads an address to listen on. The label is for a port that is
// given as a number.
func (c *call) address(g *given, label string) (plan.Bind, bool) {
	if n, ok := g.value.(starlark.Int); ok {
		c.wrongValue(g, value.WrongType(`an address such as "127.0.0.1:8000"`, n, fmt.Sprintf(label, n)))
		return plan.Bind{}, false
	}
	s, err := value.String(g.value)
	var bind plan.Bind
	if err == nil {
		bind, err = plan.ParseBind(s)
	}
	if err != nil {
		c.wrongValue(g, err)
	}
	return bind, err == nil
}

func setTrustedProxies(c *call, g *given, p *plan.Plan) {
	elems, err := value.List(g.value, `networks, such as ["10.0.0.0/8"]`)
	if err != nil {
		c.wrongValue(g, err)
		return
	}
	for i, e := range elems {
		if value.IsUnset(e) {
			continue
		}
		prefix, err := value.Prefix(e)
		if err != nil {
			c.wrongValue(g, &value.ElementError{Index: i, Err: err})
			continue
		}
		if !slices.Contains([]netip.Prefix(p.TrustedProxies), prefix) {
			p.TrustedProxies = append(p.TrustedProxies, prefix)
		}
	}
}

// headSize reads how large a head may be.
func headSize(of func(*plan.Plan) *int) func(*call, *given, *plan.Plan) {
	return func(c *call, g *given, p *plan.Plan) {
		n, err := value.Size(g.value)
		switch {
		case err != nil:
		case n < plan.LeastHeaderSize || n > plan.MostHeaderSize:
			err = value.Wrong("", "must be from %v to %v, got %v", plan.Bytes(plan.LeastHeaderSize), plan.Bytes(plan.MostHeaderSize), plan.Bytes(n))
		default:
			*of(p) = int(n)
			return
		}
		c.wrongValue(g, err)
	}
}

func setAccessLog(c *call, g *given, p *plan.Plan) {
	switch v := g.value.(type) {
	case starlark.Bool:
		p.AccessLog = plan.AccessLogOff
		if v {
			p.AccessLog = plan.AccessLogStdout
		}
	case starlark.String:
		if err := notEmpty(string(v)); err != nil {
			c.wrongValue(g, err)
			return
		}
		p.AccessLog = plan.AccessLog(c.session.absolute(string(v)))
	default:
		c.wrongValue(g, value.WrongType("True, False or the path of a file", v, ""))
	}
}

// groups reads the list of worker groups.
func (c *call) groups(g *given) []*Group {
	if _, single := g.value.(*Group); single {
		c.wrongValue(g, value.WrongType("a list of WorkerGroups", g.value, "put [ ] around it"))
		return nil
	}
	elems, err := value.List(g.value, "WorkerGroups")
	if err != nil {
		c.wrongValue(g, err)
		return nil
	}
	if len(elems) == 0 {
		c.wrongValue(g, value.Wrong("add a WorkerGroup(…)", "must hold at least one WorkerGroup"))
	}
	var out []*Group
	for i, e := range elems {
		group, ok := e.(*Group)
		if !ok {
			if !value.IsUnset(e) {
				c.wrongValue(g, &value.ElementError{Index: i, Err: value.WrongType("a WorkerGroup", e, groupLabel(e))})
			}
			continue
		}
		if slices.Contains(out, group) {
			span := c.element(g, i)
			c.report(diag.Diagnostic{Code: codeTwice, Span: span, Message: "this WorkerGroup is in `workers` already",
				Label: "for more processes of it, raise `instances`"})
			continue
		}
		group.used = true
		out = append(out, group)
	}
	return out
}

func groupLabel(v starlark.Value) string {
	switch v.(type) {
	case *starlark.List, starlark.Tuple:
		return "join lists with +, as in [WorkerGroup(…)] + more"
	case *starlark.Dict:
		return "write WorkerGroup(**…) around it"
	case *starlark.Function:
		return "call it: add ( ) after its name"
	case starlark.String:
		return "write WorkerGroup(name=…, app=…)"
	}
	return ""
}
