package plan

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
)

// A Listener is one address on which clients connect, with what holds for its
// connections.
type Listener struct {
	Bind           Bind
	Mode           BindMode       // of a unix socket's file
	Owner          BindOwner      // likewise
	Forwarded      Forwarded      // that of LdConfig, unless the listener has its own
	TrustedProxies []netip.Prefix // likewise
	ProxyProtocol  bool           // connections begin with a header of the PROXY protocol, from TrustedProxies
	RedirectHTTPS  bool           // requests get a redirect to https
	TLS            []TLS          // by the name that a client asks for; the first is that of all others. None = no TLS
	Pos            Pos            // of its address

	recorded *recorded // not nil if the plan comes from FromRecord
}

// ListenerAttributes lists the arguments of listen in the order of its
// signature. None, the default of those that LdConfig has, too, leaves them to
// LdConfig.
var ListenerAttributes = slices.Concat([]Attribute[Listener]{addressAttribute}, byName(tlsAttributes, socketAttributes, peerAttributes, redirectAttributes))

var addressAttribute = Attribute[Listener]{Name: "address", Type: "str", Required: true, Effect: EffectIdentity,
	Rule:       bindRule,
	Doc:        "The address.",
	Example:    `"0.0.0.0:8000"`,
	OtherNames: []string{"bind", "addr", "host", "port", "url", "path", "socket", "uds"},
	Show:       func(l *Listener) string { return show(l.Bind) },
	Same:       func(a, b *Listener) bool { return a.Bind.Key() == b.Bind.Key() },
	Digest:     func(l *Listener) string { return l.Bind.Key() },
	Copy:       func(to, from *Listener) { to.Bind = from.Bind }}

var tlsAttributes = []Attribute[Listener]{
	withSecrets(Attribute[Listener]{Name: "tls", Type: "tls | list[tls] | None", Default: "None", Effect: EffectProxy,
		Rule:       `such as ` + "`tls(\"cert.pem\", key=\"key.pem\")` or `acme(\"example.com\", accept_terms=True)`" + `; several are chosen by the name that a client asks for (SNI)`,
		Doc:        "The certificates with which the listener speaks TLS. The first one is also for clients that ask for another name, or for none. None means plain HTTP.",
		OtherNames: []string{"ssl", "https", "cert", "certs", "certificates", "ssl_context", "certificate"},
		Show:       func(l *Listener) string { return ShowTLS(l.TLS) },
		Same:       func(a, b *Listener) bool { return sameTLS(a.TLS, b.TLS) },
		Copy:       func(to, from *Listener) { to.TLS = from.TLS }},
		func(l *Listener) []string { return tlsSecrets(l.TLS) }),
}

var socketAttributes = []Attribute[Listener]{
	defaulted(Attribute[Listener]{Name: "mode", Type: "str | None", Effect: EffectListener,
		Rule:       `3 or 4 octal digits such as "0660"; only for "unix:…"`,
		Doc:        "The permissions of the socket's file. None means the `bind_mode` of LdConfig.",
		OtherNames: []string{"bind_mode", "socket_mode", "umask", "chmod", "uds_mode"}},
		0, func(l *Listener) *BindMode { return &l.Mode }),
	defaulted(Attribute[Listener]{Name: "owner", Type: "str | None", Effect: EffectListener,
		Rule:       `"user:group", "user" or ":group"; only for "unix:…"`,
		Doc:        "The owner of the socket's file. None means the `bind_owner` of LdConfig.",
		OtherNames: []string{"bind_owner", "socket_owner", "chown", "user", "group"}},
		BindOwner{}, func(l *Listener) *BindOwner { return &l.Owner }),
}

var peerAttributes = []Attribute[Listener]{
	choice(Attribute[Listener]{Name: "forwarded", Type: "str | None", Effect: EffectProxy,
		Doc:        "What happens to X-Forwarded-* and Forwarded headers. None means the `forwarded` of LdConfig.",
		OtherNames: []string{"proxy_headers"}},
		"", []Forwarded{ForwardedSet, ForwardedAppend, ForwardedOff}, func(l *Listener) *Forwarded { return &l.Forwarded }),
	shownAs(several(Attribute[Listener]{Name: "trusted_proxies", Type: "list[str] | None", Default: "None", Effect: EffectProxy,
		Rule:       `networks such as "10.0.0.0/8", or single addresses; [] for none`,
		Doc:        "The peers whose forwarded headers are trusted. None means the `trusted_proxies` of LdConfig.",
		OtherNames: []string{"forwarded_allow_ips", "trusted"}},
		func(l *Listener) *[]netip.Prefix { return &l.TrustedProxies }),
		func(l *Listener) string {
			if l.TrustedProxies == nil {
				return "None"
			}
			return showList(texts(l.TrustedProxies))
		}),
	flag(Attribute[Listener]{Name: "proxy_protocol", Effect: EffectProxy,
		Rule:       "only with `trusted_proxies`",
		Doc:        "Whether every connection begins with a header of the PROXY protocol, version 1 or 2, that names the client. Only the peers in `trusted_proxies` may connect; a connection without a good header within `header_timeout` is closed.",
		OtherNames: []string{"proxy", "accept_proxy", "send_proxy", "proxyprotocol", "haproxy", "use_proxy_protocol"}},
		false, func(l *Listener) *bool { return &l.ProxyProtocol }),
}

var redirectAttributes = []Attribute[Listener]{
	flag(Attribute[Listener]{Name: "redirect_https", Effect: EffectProxy,
		Doc:        "Whether requests get 308 with the same address under https, instead of going to a group. The port is that of the only listener with `tls`, or the usual one if the client has asked for another port than that of the listener. A request that came by https according to a trusted proxy goes on.",
		OtherNames: []string{"redirect", "https_redirect", "force_https", "ssl_redirect", "redirect_to_https"}},
		false, func(l *Listener) *bool { return &l.RedirectHTTPS }),
}

// OnlyTLS returns the listener that speaks TLS if there is exactly one, otherwise nil.
func (p *Plan) OnlyTLS() (found *Listener) {
	for i := range p.Listeners {
		if l := &p.Listeners[i]; len(l.TLS) > 0 {
			if found != nil {
				return nil
			}
			found = l
		}
	}
	return found
}

// Port returns the port of an address, in digits: "" if it is no port, or if only the
// socket knows it.
func (b Bind) Port() string {
	_, port, err := net.SplitHostPort(b.Address)
	if b.Network != "tcp" || err != nil || port == "0" {
		return ""
	}
	return port
}

// ofPlan maps the arguments of listen that LdConfig has, too, to its arguments.
// It is only read.
var ofPlan = map[string]string{"mode": "bind_mode", "owner": "bind_owner", "forwarded": "forwarded", "trusted_proxies": "trusted_proxies"}

// inherit gives the listener what only the plan says.
func (l *Listener) inherit(p *Plan) {
	if l.Bind.Network == "unix" {
		if l.Mode == 0 {
			l.Mode = p.BindMode
		}
		if l.Owner.IsZero() {
			l.Owner = p.BindOwner
		}
	}
	if l.Forwarded == "" {
		l.Forwarded = p.Forwarded
	}
	if l.TrustedProxies == nil {
		l.TrustedProxies = append([]netip.Prefix{}, p.TrustedProxies...)
	}
}

// SetListeners gives the plan its listeners. They get the settings of the plan
// that they have none of their own for, which must be complete.
func (p *Plan) SetListeners(listeners []Listener) {
	p.Listeners = slices.Clone(listeners)
	for i := range p.Listeners {
		p.Listeners[i].inherit(p)
	}
}

// call returns the listener as the configuration writes it, with the settings
// that differ from those of the plan.
func (l *Listener) call(p *Plan) string {
	of := Listener{Bind: l.Bind}
	of.inherit(p)
	out := []string{show(l.Bind)}
	for _, a := range ListenerAttributes[1:] {
		if !a.Same(l, &of) {
			out = append(out, a.Name+"="+a.Show(l))
		}
	}
	if len(out) == 1 {
		return out[0]
	}
	return "listen(" + strings.Join(out, ", ") + ")"
}

// showListeners returns the listeners as the configuration writes them.
func showListeners(p *Plan) string {
	out := make([]string, len(p.Listeners))
	for i := range p.Listeners {
		out[i] = p.Listeners[i].call(p)
	}
	if len(out) == 1 {
		return out[0]
	}
	return "[" + strings.Join(out, ", ") + "]"
}

// A ListenerChange is what happens to one listener. Old is nil for Add, and New
// for Remove.
type ListenerChange struct {
	Name    string // its address as the configuration writes it
	Action  Action // Keep, Update, Add or Remove
	Old     *Listener
	New     *Listener
	Reason  string            // why only a new master can do it, or ""
	Hint    string            // what else a reader should know; may be ""
	Changes []AttributeChange // the changes of Update
}

// NeedsRestart reports whether only a new master can carry out the change.
func (c *ListenerChange) NeedsRestart() bool { return c.Reason != "" }

// Why a listener waits for a new master.
const (
	reasonNotPassed = "the service manager has not passed the socket"
	reasonStays     = "another listener needs a new master"
)

// hintSystemd is for a socket of the service manager that is no longer in use.
const hintSystemd = "clients can still connect: stop its .socket unit, too"

// diffListeners compares the listeners of two plans. inPlan are the changes of
// the plans themselves, which are not said again.
//
// If only a new master can open a listener, those that would go stay until then,
// so that there is never none.
func diffListeners(old, next *Plan, inPlan []AttributeChange, missing func(Bind) bool) (out []ListenerChange) {
	stay := false
	for i := range next.Listeners {
		l := &next.Listeners[i]
		c := ListenerChange{Name: l.Bind.String(), Action: Add, New: l}
		if c.Old = old.listener(l.Bind); c.Old != nil {
			c.Action = Keep
			if c.Changes = withoutThose(compare(ListenerAttributes, c.Old, l, c.Old.recorded), inPlan); len(c.Changes) > 0 {
				c.Action = Update
			}
		} else if missing != nil && missing(l.Bind) {
			c.Reason, stay = reasonNotPassed, true
		}
		out = append(out, c)
	}
	for i := range old.Listeners {
		l := &old.Listeners[i]
		if next.listener(l.Bind) != nil {
			continue
		}
		c := ListenerChange{Name: l.Bind.String(), Action: Remove, Old: l}
		switch {
		case stay:
			c.Reason = reasonStays
		case l.Bind.Network == "systemd":
			c.Hint = hintSystemd
		}
		out = append(out, c)
	}
	return out
}

// withoutThose returns the changes without those that the plan has in the same way.
func withoutThose(changes, inPlan []AttributeChange) []AttributeChange {
	return slices.DeleteFunc(changes, func(c AttributeChange) bool {
		return slices.ContainsFunc(inPlan, func(p AttributeChange) bool {
			return p.Name == ofPlan[c.Name] && p.Before == c.Before && p.After == c.After
		})
	})
}

// listener returns the listener with that address, or nil.
func (p *Plan) listener(bind Bind) *Listener {
	for i := range p.Listeners {
		if p.Listeners[i].Bind.Key() == bind.Key() {
			return &p.Listeners[i]
		}
	}
	return nil
}

// Listening returns the listeners that there are once the changes are applied.
func (c *Changes) Listening() (out []Listener) {
	for i := range c.Listeners {
		switch l := &c.Listeners[i]; {
		case l.Action == Remove && l.NeedsRestart():
			out = append(out, *l.Old)
		case l.Action != Remove && !l.NeedsRestart():
			out = append(out, *l.New)
		}
	}
	return out
}

// Reachable returns the plan with the listeners that a reload from a plan in effect
// gives it; see DiffOptions.Missing. A nil old plan can have all of them.
func (p *Plan) Reachable(old *Plan, missing func(Bind) bool) *Plan {
	if old == nil {
		return p
	}
	changes := Changes{Listeners: diffListeners(old, p, nil, missing)}
	if changes.Waiting() == 0 {
		return p
	}
	out := *p
	out.Listeners = changes.Listening()
	return &out
}

// Moved reports whether a listener changes at all.
func (c *Changes) Moved() bool {
	return slices.ContainsFunc(c.Listeners, func(l ListenerChange) bool { return l.Action != Keep && !l.NeedsRestart() })
}

// Waiting returns how many changes of listeners need a new master.
func (c *Changes) Waiting() (n int) {
	for i := range c.Listeners {
		if c.Listeners[i].NeedsRestart() {
			n++
		}
	}
	return n
}

// String says what happens to the listener, in one line.
func (c *ListenerChange) String() string {
	if c.Action != Update {
		return fmt.Sprintf("%s %s", c.Action, c.Name)
	}
	parts := make([]string, len(c.Changes))
	for i, a := range c.Changes {
		parts[i] = a.String()
	}
	return fmt.Sprintf("%s of %s", strings.Join(parts, ", "), c.Name)
}
