package proxy

import (
	"bytes"
	"log/slog"
	"net/netip"
	"strconv"

	"github.com/ldcorn/ldcorn/engine/head"
	"github.com/ldcorn/ldcorn/engine/refusallog"
)

// A foreignKind is a protocol that a client speaks in place of HTTP/1.
type foreignKind int

// The kinds.
const (
	foreignNone foreignKind = iota
	foreignTLS
	foreignProxy    // a header of the PROXY protocol
	foreignPlainH2  // HTTP/2 without TLS
	foreignSecureH2 // HTTP/2 over TLS, without having agreed on it
	foreignKinds
)

// foreignErrors say what is wrong with each kind.
var foreignErrors = [foreignKinds]*head.Error{
	foreignTLS:      head.Refuse(400, "the client speaks TLS, but this listener does not"),
	foreignProxy:    head.Refuse(400, "the client sends a header of the PROXY protocol, which this listener does not expect"),
	foreignPlainH2:  head.Refuse(505, "the client begins HTTP/2 without TLS, which ldcorn does not speak"),
	foreignSecureH2: head.Refuse(505, "the client begins HTTP/2 without having agreed on it in the handshake (ALPN)"),
}

const (
	proxyV1     = "PROXY "
	proxyV2     = "\r\n\r\n\x00\r\nQUIT\n"
	prefaceLine = "PRI * HTTP/2.0\r\n"
)

// foreign returns what a client speaks that has begun a connection, or a request, with
// some bytes that are no head of HTTP/1. secure says that they came over TLS.
func foreign(first []byte, secure bool) foreignKind {
	switch {
	case len(first) >= 2 && first[0] == 0x16 && first[1] == 3 && !secure: // a record of a handshake (RFC 8446, section 5.1)
		return foreignTLS
	case bytes.HasPrefix(first, []byte(proxyV1)), isProxyV2(first):
		return foreignProxy
	case bytes.HasPrefix(first, []byte(prefaceLine)) && secure:
		return foreignSecureH2
	case bytes.HasPrefix(first, []byte(prefaceLine)):
		return foreignPlainH2
	}
	return foreignNone
}

// isProxyV2 reports whether bytes begin with the signature of version 2, as far as they
// have come: they are refused at the NUL in it.
func isProxyV2(b []byte) bool {
	n := min(len(b), len(proxyV2))
	return n > len("\r\n\r\n") && string(b[:n]) == proxyV2[:n]
}

// A foreignLog logs the clients of a listener that speak something else. Each kind has
// its own lines.
type foreignLog [foreignKinds]*refusallog.Rare

func newForeignLog(log *slog.Logger, addr string) *foreignLog {
	out := new(foreignLog)
	for kind := range out {
		out[kind] = refusallog.NewRare(log, addr)
	}
	return out
}

func (l *foreignLog) note(kind foreignKind, peer netip.Addr) {
	l[kind].Note(refusallog.Refusal{Peer: peer, Reason: foreignErrors[kind].Reason, Hint: foreignHint(kind, peer)})
}

func foreignHint(kind foreignKind, peer netip.Addr) string {
	switch kind {
	case foreignTLS:
		return `if this port is to speak https, write listen("…", tls=tls("cert.pem", key="key.pem")); otherwise the client must use http://`
	case foreignProxy:
		if peer.IsValid() {
			return "if it is your load balancer, add proxy_protocol=True to the listener, and " + strconv.Quote(peer.WithZone("").String()) + " to its trusted_proxies; otherwise switch the header off there"
		}
		return "if it is your load balancer, add proxy_protocol=True to the listener; otherwise switch the header off there"
	case foreignSecureH2:
		return "the client must offer h2 in the handshake, unless the listener has http2=False"
	}
	return "let the client, or the proxy in front, speak HTTP/1.1 on this port, or HTTP/2 over TLS"
}
