package proxy

import (
	"github.com/ldcorn/ldcorn/engine/decide"
	"github.com/ldcorn/ldcorn/engine/head"
	"github.com/ldcorn/ldcorn/engine/result"
)

// answerFirst answers requests that ldcorn itself answers on a listener, before
// rate limits, the router and routes. It reports whether it did. Its order is that
// in which one answer takes precedence over the next.
func (r *Request) answerFirst() (bool, error) {
	if answer := r.challenge(); answer != nil {
		return true, r.answerChallenge(answer)
	}
	if s := r.client.Session(); s != nil && !s.Allows(r.view.Host()) {
		return true, errMisdirected
	}
	if probe := r.snap.Decider.Probe(&r.view); probe != "" {
		return true, r.answerProbe(probe)
	}
	if r.by.spec.RedirectHTTPS && !r.sender().isSecure() {
		return true, r.redirectToHTTPS()
	}
	return false, nil
}

var errNoHost = &failure{kind: result.KindRefused, status: 400, reason: "the request names no host, so there is no https address for it"}

// errMisdirected is the answer to a request for a host whose clients must show
// another certificate, or none, than was demanded on the connection (RFC 9110 section
// 15.5.20). The client can ask for the host on another connection. One of HTTP/2 goes
// on, for the other streams on it.
var errMisdirected = &failure{kind: result.KindRefused, status: 421, reason: "this connection was opened for another host", close: true}

// redirectToHTTPS sends the client to the same host, path and query under https. The
// host is what the client has asked for, so it can only send itself elsewhere. A
// client of HTTP/1.0 that names no host is not told our own address, which may be a
// private one. The port is that of the only listener with TLS; who comes through a
// trusted proxy, or by the PROXY protocol, knows only that of the proxy.
func (r *Request) redirectToHTTPS() error {
	host := r.sender().host
	if !head.ValidHost(host) {
		host = r.head.Host
		if !r.head.NamesHost() {
			return errNoHost
		}
	}
	port := ""
	if !r.sender().trusted && !r.by.spec.ProxyProtocol {
		port = r.snap.httpsPort(&r.p.doors)
	}
	r.out = decide.AppendHTTPS(r.out[:0], host, r.client.Port(), port, r.head.Origin)
	r.rec.Status = decide.StatusRedirect
	r.answer = AnswerHead{Status: decide.StatusRedirect, Location: r.out, ID: r.id, Body: BodyLength}
	if r.isHead() {
		r.answer.Body = BodyNone
	}
	r.beginAnswer(true)
	return r.send(nil, true, nil)
}
