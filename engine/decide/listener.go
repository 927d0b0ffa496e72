package decide

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"

	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/request"
)

// StatusRedirect is the status of the answers of redirect_https: the client repeats
// the request with the same method and body (RFC 9110 section 15.4.9).
const StatusRedirect = http.StatusPermanentRedirect

// httpsPort is the port that a URL under https leaves out.
const httpsPort = "443"

// AppendHTTPS appends the URL under https of a request with a valid host, which can
// have a port, and with a target in origin-form or the "*" of OPTIONS. port is that of
// https; "" means the usual one.
func AppendHTTPS(out, host []byte, port string, origin []byte) []byte {
	if i := bytes.LastIndexByte(host, ':'); i >= 0 && bytes.IndexByte(host[i:], ']') < 0 {
		host = host[:i]
	}
	out = append(append(out, "https://"...), host...)
	if port != "" && port != httpsPort {
		out = append(append(out, ':'), port...)
	}
	if len(origin) > 0 && origin[0] == '/' {
		out = append(out, origin...)
	}
	return out
}

// listener returns the listener with an address, or the one that a request most
// likely comes by: the first one that does not redirect.
func (x *Explainer) listener(address string) (*plan.Listener, error) {
	all := x.plan.Listeners
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
	if secure := x.plan.OnlyTLS(); secure != nil {
		port = secure.Bind.Port()
	}
	to := AppendHTTPS(nil, r.Head.Host, port, r.Head.Origin)
	return &plan.Answer{Status: StatusRedirect, Headers: []plan.HeaderEdit{{Op: plan.HeaderAdd, Name: "Location", Value: plan.Plain(string(to))}}}
}
