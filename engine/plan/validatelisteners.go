package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ldcorn/ldcorn/engine/match"
)

// sharedAddresses finds sockets that would listen at one address.
func sharedAddresses(p *Plan) (out []Problem) {
	for i := range p.Listeners {
		l := &p.Listeners[i]
		if before := slices.IndexFunc(p.Listeners[:i], func(o Listener) bool { return o.Bind.Key() == l.Bind.Key() }); before >= 0 {
			out = append(out, Problem{
				Code:    CodeSameAddress,
				Message: fmt.Sprintf("two listeners have the address %q", l.Bind),
				Label:   "give this one another address, or remove it",
				Place:   Place{Listener: l},
				Other:   Place{Listener: &p.Listeners[before]},
				Said:    "the first one is here",
			})
		}
		if l.Bind.Network == "systemd" && l.Bind.Address == "" && slices.ContainsFunc(p.Listeners, func(o Listener) bool { return o.Bind.Network == "systemd" && o.Bind.Address != "" }) {
			out = append(out, Problem{
				Code:    CodeSameAddress,
				Message: `"systemd" is the only socket that the service manager passed, and other listeners want more of them`,
				Label:   `write "systemd:name" with the FileDescriptorName= of its .socket unit`,
				Place:   Place{Listener: l},
			})
		}
		if p.Admin.sharesWith(l.Bind) {
			out = append(out, Problem{
				Code:    CodeSameAddress,
				Message: fmt.Sprintf("`admin` and `bind` are both %q", p.Admin),
				Label:   "give `admin` an address of its own, which the public cannot reach",
				Place:   Place{Argument: "admin"},
			})
		}
		out = append(out, sharedControl(p, "bind", l.Bind)...)
	}
	return append(out, sharedControl(p, "admin", p.Admin)...)
}

// sharedControl finds an argument with the address of the control socket.
func sharedControl(p *Plan, argument string, bind Bind) []Problem {
	if p.ControlSocket == "" || bind != (Bind{Network: "unix", Address: string(p.ControlSocket)}) {
		return nil
	}
	return []Problem{{
		Code:    CodeSameAddress,
		Message: fmt.Sprintf("`control_socket` and `%s` are both %v", argument, p.ControlSocket),
		Label:   "give `control_socket` a path of its own",
		Place:   Place{Argument: "control_socket"},
	}}
}

// AsksForCerts reports whether a listener asks clients for certificates.
func (p *Plan) AsksForCerts() bool {
	return slices.ContainsFunc(p.Listeners, func(l Listener) bool {
		return slices.ContainsFunc(l.TLS, func(t TLS) bool { return t.ClientAuth != ClientAuthNone })
	})
}

// AdviceToAsk says how a listener asks clients for certificates.
const AdviceToAsk = "add client_ca=\"ca.pem\" to the tls(…) of a listener, with client_auth=\"request\" if other requests need no certificate"

// neverAsked warns about routes by the certificate of the client if no client has one.
func neverAsked(p *Plan) (out []Problem) {
	if p.AsksForCerts() {
		return nil
	}
	for _, group := range p.Groups {
		for i := range group.Routes {
			r := &group.Routes[i]
			if !match.HasClientCert(r.Matcher) {
				continue
			}
			out = append(out, Problem{
				Code: CodeNeverAsked, Warning: true,
				Message: fmt.Sprintf("route %s looks at the certificate of the client, but no listener asks clients for one", r.Matcher),
				Label:   AdviceToAsk,
				Place:   Place{Group: group, Route: r},
			})
		}
	}
	return out
}

// deadRedirects finds listeners that redirect all requests, so that none reaches a
// group.
func deadRedirects(p *Plan) (out []Problem) {
	all := len(p.Listeners) > 0
	for i := range p.Listeners {
		l := &p.Listeners[i]
		if l.RedirectHTTPS && len(l.TLS) > 0 {
			out = append(out, Problem{
				Code: CodeAllRedirect, Warning: true,
				Message: fmt.Sprintf("%q speaks TLS, so that there is nothing to redirect to https", l.Bind),
				Label:   "write it for a listener without `tls`",
				Place:   Place{Listener: l, Argument: "redirect_https"},
			})
		}
		dead := l.RedirectHTTPS && len(l.TrustedProxies) == 0 && len(l.TLS) == 0
		if all = all && dead; dead && l.Bind.Network == "unix" {
			out = append(out, Problem{
				Code: CodeAllRedirect, Warning: true,
				Message: fmt.Sprintf("%q redirects every request to https: its clients are proxies of this machine, and none is trusted to say that a client used https", l.Bind),
				Label:   `add trusted_proxies=["127.0.0.1"], or remove this`,
				Place:   Place{Listener: l, Argument: "redirect_https"},
			})
		}
	}
	if all && len(out) == 0 {
		out = append(out, Problem{
			Code: CodeAllRedirect, Warning: true,
			Message: "every listener redirects to https, and none of them serves requests that came by https",
			Label:   "add trusted_proxies=[…] if a proxy in front ends TLS, or a listener with `tls`",
			Place:   Place{Listener: &p.Listeners[0], Argument: "redirect_https"},
		})
	}
	return out
}

// strayRedirects finds listeners that redirect clients to the usual port of https, as
// several listeners speak TLS, none of which has it. A proxy in front of a listener
// speaks https itself.
func strayRedirects(p *Plan) (out []Problem) {
	const usual = "443"
	var speak []string
	for i := range p.Listeners {
		l := &p.Listeners[i]
		if len(l.TLS) == 0 {
			continue
		}
		if port := l.Bind.Port(); port == "" || port == usual { // "" is a socket that somebody passes
			return nil
		}
		speak = append(speak, l.Bind.String())
	}
	if len(speak) < 2 {
		return nil
	}
	for i := range p.Listeners {
		l := &p.Listeners[i]
		if !l.RedirectHTTPS || len(l.TLS) > 0 || l.ProxyProtocol || len(l.TrustedProxies) > 0 {
			continue
		}
		out = append(out, Problem{
			Code: CodeRedirectPort, Warning: true,
			Message: fmt.Sprintf("%q redirects to port 443, on which no listener speaks TLS: of %s, ldcorn cannot tell which one is meant", l.Bind, strings.Join(speak, " and ")),
			Label:   "let one listener with `tls` have port 443, or have only one, unless something leads port 443 here",
			Place:   Place{Listener: l, Argument: "redirect_https"},
		})
	}
	return out
}

// nobodyNames finds listeners with the PROXY protocol on which nobody may name a client.
func nobodyNames(p *Plan) (out []Problem) {
	for i := range p.Listeners {
		l := &p.Listeners[i]
		if !l.ProxyProtocol || len(l.TrustedProxies) > 0 {
			continue
		}
		out = append(out, Problem{
			Code:    CodeNobodyNames,
			Message: fmt.Sprintf("nobody can connect to %q: `proxy_protocol` takes connections from `trusted_proxies` only, and there are none", l.Bind),
			Label:   `add trusted_proxies=["10.0.0.0/8"] with the addresses of the load balancer`,
			Place:   Place{Listener: l, Argument: "proxy_protocol"},
		})
	}
	return out
}

// appendsNothing warns about forwarded="append" without proxies to trust.
func appendsNothing(p *Plan) (out []Problem) {
	warn := func(at Place) {
		out = append(out, Problem{
			Code: CodeAppendNone, Warning: true,
			Message: `forwarded="append" without trusted_proxies does the same as "set": ldcorn trusts no list to append to`,
			Label:   `add trusted_proxies=["127.0.0.1"] for a proxy on this machine, or remove this`,
			Place:   at,
		})
	}
	said := false
	for i := range p.Listeners {
		l := &p.Listeners[i]
		switch {
		case l.Forwarded != ForwardedAppend || len(l.TrustedProxies) > 0:
		case p.Forwarded != ForwardedAppend || len(p.TrustedProxies) > 0:
			warn(Place{Listener: l, Argument: "forwarded"})
		case !said:
			said = true
			warn(Place{Argument: "forwarded"})
		}
	}
	return out
}
