package builtin

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"go.starlark.net/starlark"

	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/starlark/diag"
	"github.com/ldcorn/ldcorn/starlark/value"
)

// A Listener is the value of listen, or an address in its place.
type Listener struct {
	opaque
	spec plan.Listener // without what LdConfig gives it; has no address if that was wrong, which has been reported

	Span   diag.Span            // of the address
	Values map[string]diag.Span // of the arguments that are given, by name
	TLS    []diag.Span          // of the elements of tls in the plan, in their order
	Trace  []diag.Frame         // calls that led to it

	TLSValues []map[string]diag.Span // of the arguments of those elements, like Values
}

// String returns a call that makes the listener.
func (l *Listener) String() string { return fmt.Sprintf("listen(%q)", l.spec.Bind) }

const listenerForms = `an address such as "127.0.0.1:8000", or listen("127.0.0.1:8000")`

func listenWord() Word {
	return Word{Name: "listen", Returns: "listener",
		Doc:       "An address on which clients connect, with what holds for their connections. Only for `bind` of LdConfig.",
		Arguments: argumentsOf(listenerFields()),
		surplus:   "write a listen(…) for each address, as in bind=[listen(…), listen(…)]"}
}

// listenerFields are the arguments of listen.
var listenerFields = sync.OnceValue(func() []field[plan.Listener] {
	return fieldsOf(plan.ListenerAttributes, map[string]func(*call, *given, *plan.Listener){
		"address": setAddress,
		"mode":    modeReader(func(l *plan.Listener) *plan.BindMode { return &l.Mode }),
		"owner":   ownerReader(func(l *plan.Listener) *plan.BindOwner { return &l.Owner }),
		"tls":     setTLS,
		"trusted_proxies": func(c *call, g *given, l *plan.Listener) {
			if g.value != starlark.None {
				l.TrustedProxies = c.prefixes(g)
			}
		},
	})
})

// listen implements the word listen.
func (s *Session) listen(thread *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	out := &Listener{opaque: "listener"}
	r := read(s, thread, b.Name(), listenerFields(), args, kwargs, &out.spec)
	out.Span, out.Values, out.Trace = r.call.span, spansOf(r.have), r.call.trace
	out.TLS, out.TLSValues = r.call.tlsSpans(r.have["tls"])
	if g := r.have["address"]; g != nil {
		out.Span = g.span
		if value.IsUnset(g.value) {
			return g.value, nil
		}
	}
	out.spec.Pos = position(out.Span)
	r.call.checkSocketFile(out.spec.Bind, r.have["mode"], r.have["owner"])
	if r.call.failed {
		out.spec.Bind = plan.Bind{}
	}
	return out, r.end()
}

func setAddress(c *call, g *given, l *plan.Listener) {
	if bind, ok := c.address(g, `write ":%v"`); ok {
		l.Bind = bind
	}
}

// checkSocketFile reports a mode or an owner for an address that is no file.
func (c *call) checkSocketFile(bind plan.Bind, settings ...*given) {
	if bind.IsZero() || bind.Network == "unix" {
		return // a wrong address has its own error
	}
	for _, g := range settings {
		if g != nil && g.value != starlark.None && !value.IsUnset(g.value) {
			c.wrongValue(g, value.Wrong(fileLabel(bind), "is for a unix socket, but the address is %q", bind))
		}
	}
}

// fileLabel is the correction for settings of a file of an address that is none.
func fileLabel(bind plan.Bind) string {
	if bind.Network == "systemd" {
		return "omit it, and write SocketMode=, SocketUser= and SocketGroup= in the .socket unit"
	}
	return `write "unix:/path", or omit this argument`
}

// listeners reads the value of bind: an address, a listener or a list of both.
func (c *call) listeners(g *given) []*Listener {
	elems, err := value.List(g.value, "addresses")
	if err != nil {
		if l, ok := c.listener(g, g.value, g.span); ok {
			return []*Listener{l}
		}
		return nil
	}
	if len(elems) == 0 && !c.session.unset {
		c.wrongValue(g, value.Wrong(`write an address, such as ":8000"`, "must hold at least one address"))
	}
	var out []*Listener
	for i, e := range elems {
		if _, list := e.(*starlark.List); list {
			c.wrongValue(g, &value.ElementError{Index: i, Err: value.WrongType(listenerForms, e, "join lists with +, as in [\":80\"] + more")})
			continue
		}
		if l, ok := c.listener(&given{arg: g.arg, value: e, expr: g.expr, span: c.element(g, i), name: g.name}, e, c.element(g, i)); ok {
			out = append(out, l)
		}
	}
	return out
}

// listener reads one element of bind.
func (c *call) listener(g *given, v starlark.Value, span diag.Span) (*Listener, bool) {
	if l, ok := v.(*Listener); ok {
		return l, !l.spec.Bind.IsZero()
	}
	if value.IsUnset(v) {
		return nil, false
	}
	switch v := v.(type) {
	case starlark.Int, starlark.String:
	case *starlark.Builtin:
		label := ""
		if v.Name() == "listen" {
			label = `call it: write listen(":8000")`
		}
		c.wrongValue(g, value.WrongType(listenerForms, v, label))
		return nil, false
	case *starlark.Dict:
		c.wrongValue(g, value.WrongType(listenerForms, v, "write listen(**…) around it"))
		return nil, false
	default:
		c.wrongValue(g, value.WrongType(listenerForms, v, ""))
		return nil, false
	}
	bind, ok := c.address(g, `write ":%v"`)
	l := &Listener{opaque: "listener", Span: span, Trace: c.trace}
	l.spec = plan.Listener{Bind: bind, Pos: position(span)}
	return l, ok
}

// listen gives the plan its listeners, once its other settings are known.
func (cfg *Config) listen(listeners []*Listener) {
	cfg.Listeners = listeners
	specs := make([]plan.Listener, len(listeners))
	for i, l := range listeners {
		specs[i] = l.spec
	}
	cfg.Plan.SetListeners(specs)
}

// checkBindFile reports bind_mode and bind_owner if no listener is a file.
func (c *call) checkBindFile(have map[string]*given, cfg *Config) {
	isFile := func(l plan.Listener) bool { return l.Bind.Network == "unix" }
	if g := have["bind"]; g != nil && len(cfg.Listeners) == 0 || slices.ContainsFunc(cfg.Plan.Listeners, isFile) {
		return // a wrong or unknown address has its own error
	}
	names := make([]string, len(cfg.Plan.Listeners))
	for i := range names {
		names[i] = value.Quote(cfg.Plan.Listeners[i].Bind.String())
	}
	bind := cfg.Plan.Listeners[0].Bind
	for _, name := range []string{"bind_mode", "bind_owner"} {
		if g := have[name]; g != nil && g.value != starlark.None && !value.IsUnset(g.value) {
			c.wrongValue(g, value.Wrong(strings.Replace(fileLabel(bind), `"unix:/path"`, `bind="unix:/path"`, 1), "is for a unix socket, but `bind` is %s", strings.Join(names, ", ")))
		}
	}
}
