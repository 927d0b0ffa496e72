package proxy

import (
	"github.com/ldcorn/ldcorn/engine/head"
	"github.com/ldcorn/ldcorn/engine/http1"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/tlslayer"
)

// appendIdentity appends the fields that say which certificate the client has shown.
func appendIdentity(out []byte, session *tlslayer.Session) []byte {
	if session == nil || session.Client == nil {
		return out
	}
	out = http1.AppendField(out, "X-Client-Cert-Subject", session.Client.Subject)
	if session.Client.Names != "" {
		out = http1.AppendField(out, "X-Client-Cert-SAN", session.Client.Names)
	}
	return http1.AppendField(out, "X-Client-Cert-Fingerprint", session.Client.Fingerprint)
}

// appendRequestHead composes the head for the worker: the request line, the fields
// without the hop-by-hop ones and after the edits, the fields about the client, and
// one framing field.
func (a *attempt) appendRequestHead(out []byte) []byte {
	r, req := a.r, a.r.head
	// The absolute form becomes the origin form. Otherwise an app would take all
	// of it for the path, which is not the path that was routed.
	out = append(append(out, req.Method...), ' ')
	out, stripped := appendTarget(out, req, r.strip)
	out = append(out, " HTTP/1.1\r\n"...)
	if !req.Seen().Has(head.KindHost) {
		// RFC 9112 section 3.2: an HTTP/1.1 request has a Host.
		out = http1.AppendField(out, "Host", req.Host)
	}
	out = r.toWorker.append(out, req.Fields, r.writtenFields())
	out = appendIdentity(out, r.client.Session())
	out = r.by.forward.append(out, req, r.sender(), req.Upgrade && a.claim.Worker().SocketScheme)
	if stripped && r.by.forward.mode != plan.ForwardedOff {
		out = http1.AppendField(out, "X-Forwarded-Prefix", r.strip)
	}
	out = append(out, "X-Request-ID: "...)
	out = r.appendTrace(append(append(out, r.id...), "\r\n"...))
	switch {
	case req.Streamed:
		out = append(out, "Transfer-Encoding: chunked\r\n"...)
	case req.ContentLength >= 0:
		out = append(out, "Content-Length: "...)
		out = append(http1.AppendInt(out, req.ContentLength), "\r\n"...)
	}
	if req.Upgrade {
		out = append(out, "Connection: Upgrade\r\nUpgrade: websocket\r\n"...)
	}
	return append(out, "\r\n"...)
}
