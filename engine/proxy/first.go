package proxy

import (
	"bytes"

	"github.com/ldcorn/ldcorn/engine/head"
	"github.com/ldcorn/ldcorn/engine/result"
)

// answerFirst answers requests that ldcorn itself answers on a listener, before
// rate limits, the router and routes. It reports whether it did. Its order is that
// in which one answer takes precedence over the next.
func (r *Request) answerFirst() (bool, error) {
	if probe := r.snap.Decider.Probe(&r.view); probe != "" {
		return true, r.answerProbe(probe)
	}
	if r.by.spec.RedirectHTTPS && !r.sender().isSecure() {
		return true, r.redirectToHTTPS()
	}
	return false, nil
}

const statusRedirect = 308 // Permanent Redirect, with the same method and body (RFC 9110 section 15.4.9)

var errNoHost = &failure{kind: result.KindRefused, status: 400, reason: "the request names no host, so there is no https address for it"}

// redirectToHTTPS sends the client to the same host, path and query under https. The
// host is what the client has asked for, so it can only send itself elsewhere. A
// client of HTTP/1.0 that names no host is not told our own address, which may be a
// private one.
func (r *Request) redirectToHTTPS() error {
	host := r.sender().host
	if !head.ValidHost(host) {
		host = r.head.Host
		if !r.head.NamesHost() {
			return errNoHost
		}
	}
	r.out = append(append(r.out[:0], "https://"...), hostName(host)...)
	if target := r.head.Origin; len(target) > 0 && target[0] == '/' { // not OPTIONS *
		r.out = append(r.out, target...)
	}
	r.rec.Status = statusRedirect
	r.answer = AnswerHead{Status: statusRedirect, Location: r.out, ID: r.id, Body: BodyLength}
	if r.isHead() {
		r.answer.Body = BodyNone
	}
	r.client.Begin(&r.answer, true)
	return r.send(nil, true, nil)
}

// hostName returns a valid host without its port.
func hostName(host []byte) []byte {
	if i := bytes.LastIndexByte(host, ':'); i >= 0 && bytes.IndexByte(host[i:], ']') < 0 {
		return host[:i]
	}
	return host
}
