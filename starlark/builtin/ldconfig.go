package builtin

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"

	"go.starlark.net/starlark"

	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/starlark/diag"
	"github.com/ldcorn/ldcorn/starlark/value"
)

// A Config is the result of a call of LdConfig.
type Config struct {
	opaque
	Plan      *plan.Plan           // without path, inputs and fingerprint
	Groups    []*Group             // the groups of Plan, in their order
	Listeners []*Listener          // the listeners of Plan, in their order; none if bind is not given
	Span      diag.Span            // of the word LdConfig
	Values    map[string]diag.Span // of the arguments that are given, by name
	Wrong     map[string]bool      // the arguments whose values were reported, so that Plan lacks them

	Router     *starlark.Function // frozen; nil if there is none; Plan does not have it yet
	RouterSpan diag.Span          // of the value of router=
}

func ldConfigWord() Word {
	return Word{
		Name:      "LdConfig",
		Returns:   "LdConfig",
		Doc:       "The whole configuration. Assign it to the name `config` at the top level of the file.",
		Arguments: argumentsOf(configFields()),
	}
}

// ldConfig implements LdConfig.
func (s *Session) ldConfig(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	s.configs++
	c := s.begin(thread, s.words["LdConfig"])
	have := c.bind(args, kwargs)
	cfg := &Config{opaque: "LdConfig", Plan: plan.NewPlan(), Span: c.span, Values: spansOf(have), Wrong: make(map[string]bool)}
	cfg.Plan.Pos = position(c.span)
	for _, f := range configFields() {
		if g := have[f.Name]; g != nil && f.set != nil {
			cfg.Wrong[f.Name] = value.IsUnset(g.value) || c.fails(func() { f.set(c, g, cfg.Plan) })
		}
	}
	if g := have["bind"]; g != nil && !value.IsUnset(g.value) {
		cfg.listen(c.listeners(g))
	} else {
		cfg.Plan.SetListeners([]plan.Listener{{Bind: cfg.Plan.Listeners[0].Bind}})
	}
	c.checkBindFile(have, cfg)
	c.checkProbes(have, cfg.Plan)
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

// configFields are the arguments of LdConfig. ldConfig itself reads bind,
// router and workers, because they hold more than the plan does.
var configFields = sync.OnceValue(func() []field[plan.Plan] {
	return fieldsOf(plan.PlanAttributes, map[string]func(*call, *given, *plan.Plan){
		"bind_mode":                modeReader(func(p *plan.Plan) *plan.BindMode { return &p.BindMode }),
		"bind_owner":               ownerReader(func(p *plan.Plan) *plan.BindOwner { return &p.BindOwner }),
		"static":                   setStatics,
		"trusted_proxies":          setTrustedProxies,
		"max_header_size":          headSize(func(p *plan.Plan) *int { return &p.MaxHeaderSize }),
		"max_response_header_size": headSize(func(p *plan.Plan) *int { return &p.MaxResponseHeaderSize }),
		"buffer_dir":               setBufferDir,
		"rate_limit":               rateReader(func(p *plan.Plan) *plan.RateLimit { return &p.RateLimit }),
		"request_headers":          editsOf(plan.ToWorker, func(p *plan.Plan) *[]plan.HeaderEdit { return &p.RequestHeaders }),
		"response_headers":         editsOf(plan.ToClient, func(p *plan.Plan) *[]plan.HeaderEdit { return &p.ResponseHeaders }),
		"access_log":               accessLogReader(func(p *plan.Plan) *plan.AccessLog { return &p.AccessLog }),
		"log_fields":               logFieldsReader(func(p *plan.Plan) *[]plan.LogField { return &p.LogFields }),
		"log_sample":               logSampleReader(func(p *plan.Plan) *plan.LogSample { return &p.LogSample }, false),
		"admin":                    setAdmin,
		"admin_token":              setAdminToken,
		"tracing":                  setTracing,
		"live_path":                probePath(func(p *plan.Plan) *string { return &p.LivePath }),
		"ready_path":               probePath(func(p *plan.Plan) *string { return &p.ReadyPath }),
		"control_socket":           setControlSocket,
		"reload_surge":             setReloadSurge,
		"before_start":             setBeforeStart,
		"on_event":                 setOnEvent,
	})
})

func setControlSocket(c *call, g *given, p *plan.Plan) {
	s, ok := optionalString(c, g)
	if !ok {
		return
	}
	if rest, found := strings.CutPrefix(s, "unix:"); found {
		c.wrongValue(g, value.Wrong("write "+value.Quote(rest), "must be only a path: %s", value.Quote(s)))
		return
	}
	path := c.session.absolute(s)
	if len(path) > plan.MaxUnixPath {
		c.wrongValue(g, value.Wrong("", "gives a path of %d bytes, but the path of a socket can have at most %d: %s", len(path), plan.MaxUnixPath, value.Quote(path)))
		return
	}
	p.ControlSocket = plan.ControlSocket(path)
}

// setBufferDir makes a relative folder absolute, so that its meaning does not
// depend on where the master was started.
func setBufferDir(c *call, g *given, p *plan.Plan) {
	p.BufferDir = ""
	if s, ok := optionalString(c, g); ok {
		p.BufferDir = c.session.absolute(s)
	}
}

// setReloadSurge reads a number of workers or a percentage.
func setReloadSurge(c *call, g *given, p *plan.Plan) {
	var err error
	switch v := g.value.(type) {
	case starlark.NoneType:
		p.ReloadSurge = plan.Surge{}
	case starlark.Int:
		if p.ReloadSurge.Workers, err = value.Int(v, 1, noLimit); err != nil && v.Sign() == 0 {
			err = value.Wrong("write 1 to replace one worker at a time", "must be 1 or more: a worker stops only after its replacement is ready")
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

// setAdmin reads the address for admin requests. It suggests a loopback
// address.
func setAdmin(c *call, g *given, p *plan.Plan) {
	if g.value == starlark.None {
		return
	}
	if address, secure := withoutHTTPS(g.value); secure {
		c.wrongValue(g, value.Wrong(fmt.Sprintf("write %s, and reach it through ssh -L or through a proxy that speaks TLS", value.Quote(address)), "does not speak TLS"))
		return
	}
	if l, is := g.value.(*Listener); is {
		c.wrongValue(g, value.WrongType("an address", l, fmt.Sprintf("write %q: the admin listener has no settings such as tls", l.spec.Bind)))
		return
	}
	bind, ok := c.address(g, `write "127.0.0.1:%v"`)
	switch {
	case ok && bind.Network == "systemd":
		c.wrongValue(g, value.Wrong(`write "host:port" or "unix:/path"`, "cannot be %q: the socket from the service manager is for `bind`", bind))
	case ok:
		p.Admin = bind
	}
}

// withoutHTTPS returns the address in a URL of https.
func withoutHTTPS(v starlark.Value) (address string, is bool) {
	text, _ := v.(starlark.String)
	scheme, rest, found := strings.Cut(string(text), "://")
	if !found || !strings.EqualFold(scheme, "https") {
		return "", false
	}
	address, _, _ = strings.Cut(rest, "/")
	if bind, err := plan.ParseBind(address); err != nil || bind.Network != "tcp" {
		address = "127.0.0.1:9000"
	}
	return address, true
}

func setAdminToken(c *call, g *given, p *plan.Plan) {
	if token, ok := c.secret(g, plan.LeastToken); ok {
		p.AdminToken = token
	}
}

// address reads an address to listen on. The label is the correction for a port
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

func setTrustedProxies(c *call, g *given, p *plan.Plan) { p.TrustedProxies = c.prefixes(g) }

// prefixes reads a list of networks. It is not nil.
func (c *call) prefixes(g *given) []netip.Prefix {
	out := []netip.Prefix{}
	elems, err := value.List(g.value, `networks, such as ["10.0.0.0/8"]`)
	if err != nil {
		c.wrongValue(g, err)
		return out
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
		if !slices.Contains(out, prefix) {
			out = append(out, prefix)
		}
	}
	return out
}

// headSize reads the largest size of a head.
func headSize(of func(*plan.Plan) *int) func(*call, *given, *plan.Plan) {
	return func(c *call, g *given, p *plan.Plan) {
		n, err := value.Size(g.value)
		switch {
		case err != nil:
		case n < plan.LeastHeaderSize || n > plan.MostHeaderSize:
			label := ""
			if plain, ok := plainNumber(g.value); ok && plain > 0 && plain < leastBytes {
				label = fmt.Sprintf("did you mean \"%dKiB\"? a plain number is in bytes", plain)
			}
			err = value.Wrong(label, "must be from %v to %v, got %v", plan.Bytes(plan.LeastHeaderSize), plan.Bytes(plan.MostHeaderSize), plan.Bytes(n))
		default:
			*of(p) = int(n)
			return
		}
		c.wrongValue(g, err)
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
	if len(elems) == 0 && !c.session.unset { // otherwise it may only follow from what is unset
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
			c.report(diag.Diagnostic{Code: codeTwice, Span: span, Message: "this WorkerGroup is already in `workers`",
				Label: "to run more processes of it, raise `instances`"})
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
		return "call it: add () after its name"
	case starlark.String:
		return "write WorkerGroup(name=…, app=…)"
	}
	return ""
}
