package proxy

import (
	"net/netip"

	"github.com/ldcorn/ldcorn/engine/http1"
	"github.com/ldcorn/ldcorn/engine/plan"
)

// origin is an exchange, as the request.Origin of the view of its request.
type origin exchange

// ClientIP returns the address of the client as the app sees it.
func (o *origin) ClientIP() netip.Addr {
	return o.snap.forward.client(&o.req, o.c.Peer().Addr())
}

// Scheme returns the scheme that the client used.
func (o *origin) Scheme() string {
	return o.snap.forward.scheme(&o.req, o.c.Peer().Addr())
}

// RequestID returns the id of the request.
func (o *origin) RequestID() []byte { return o.id }

// client is the address of the client: the peer, or whom trusted peers say
// that they speak for.
func (f *forwarder) client(req *http1.Request, peer netip.Addr) netip.Addr {
	if f.trustsPeer(peer) {
		chain := f.chain(req)
		if ip, ok := chain.next(); ok {
			return ip
		}
	}
	return peer
}

// scheme is that which trusted peers say the client used, else ours. In the
// mode "off" an app is told nothing, and takes ours.
func (f *forwarder) scheme(req *http1.Request, peer netip.Addr) string {
	if f.mode != plan.ForwardedOff && f.trustsPeer(peer) {
		if proto := last(req, http1.KindXForwardedProto); isSecure(proto) {
			return "https"
		}
	}
	return "http"
}

// isSecure reports whether a forwarded scheme is one over TLS.
func isSecure(proto []byte) bool {
	return http1.EqualFold(proto, "https") || http1.EqualFold(proto, "wss")
}
