package decide

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/request"
)

// StatusRedirect is the status of the answers of redirect_https: the client repeats
// the request with the same method and body (RFC 9110 section 15.4.9).
const StatusRedirect = http.StatusPermanentRedirect

// The ports that URLs leave out.
const (
	httpPort  = "80"
	httpsPort = "443"
)

// AppendHTTPS appends the URL under https of a request with a valid host, which can
// have a port, and with a target in origin-form or the "*" of OPTIONS.
//
// secure is the port of https, and by that of the listener that the request has come
// by; "" if it is not known. The host tells whether the client knows the ports of this
// machine: if it names another port than by, something such as a container maps them,
// and the client gets the usual port of https.
func AppendHTTPS(out, host []byte, by, secure string, origin []byte) []byte {
	asked := httpPort
	if i := bytes.LastIndexByte(host, ':'); i >= 0 && bytes.IndexByte(host[i:], ']') < 0 {
		asked = string(host[i+1:])
		host = host[:i]
	}
	out = append(append(out, "https://"...), host...)
	if asked == by && secure != "" && secure != httpsPort {
		out = append(append(out, ':'), secure...)
	}
	if len(origin) > 0 && origin[0] == '/' {
		out = append(out, origin...)
	}
	return out
}

// listener returns the listener with an address, or the one that a request most
// likely comes by: the first one that does not redirect. A client that has shown a
// certificate has come by one that asks for certificates.
func (x *Explainer) listener(address string, certified bool) (*plan.Listener, error) {
	all := x.plan.Listeners
	if certified {
		return x.asking(address)
	}
	if address == "" {
		for i := range all {
			if !all[i].RedirectHTTPS {
				return &all[i], nil
			}
		}
		if len(all) > 0 {
			return &all[0], nil
		}
		return &plan.Listener{}, nil // of a plan in a test
	}
	bind, err := plan.ParseBind(address)
	if err != nil {
		return nil, err
	}
	names := make([]string, len(all))
	for i := range all {
		if all[i].Bind.Key() == bind.Key() {
			return &all[i], nil
		}
		names[i] = all[i].Bind.String()
	}
	return nil, fmt.Errorf("the configuration has no listener %q; it has %s", address, strings.Join(names, ", "))
}

// asking is listener for a client that has shown a certificate.
func (x *Explainer) asking(address string) (*plan.Listener, error) {
	asks := func(l *plan.Listener) bool {
		return slices.ContainsFunc(l.TLS, func(t plan.TLS) bool { return t.ClientAuth != plan.ClientAuthNone })
	}
	if address != "" {
		l, err := x.listener(address, false)
		if err == nil && !asks(l) {
			err = fmt.Errorf("the listener %s asks no client for a certificate: its tls has no client_ca", l.Bind)
		}
		return l, err
	}
	for i := range x.plan.Listeners {
		if l := &x.plan.Listeners[i]; asks(l) {
			return l, nil
		}
	}
	return nil, errors.New("no listener asks clients for certificates: no tls of the configuration has client_ca")
}

// redirecting returns the other listeners, which redirect requests.
func (x *Explainer) redirecting(but *plan.Listener) (out []string) {
	for i := range x.plan.Listeners {
		if l := &x.plan.Listeners[i]; l != but && l.RedirectHTTPS && len(l.TLS) == 0 {
			out = append(out, l.Bind.String())
		}
	}
	return out
}

// redirectOf returns the answer of a listener to a request that it redirects, or nil.
func (x *Explainer) redirectOf(l *plan.Listener, r *request.Sample) *plan.Answer {
	if !l.RedirectHTTPS || len(l.TLS) > 0 || r.Scheme() == "https" {
		return nil
	}
	port := ""
	if secure := x.plan.OnlyTLS(); secure != nil && !l.ProxyProtocol {
		port = secure.Bind.Port()
	}
	to := AppendHTTPS(nil, r.Head.Host, l.Bind.Port(), port, r.Head.Origin)
	return &plan.Answer{Status: StatusRedirect, Headers: []plan.HeaderEdit{{Op: plan.HeaderAdd, Name: "Location", Value: plan.Plain(string(to))}}}
}
