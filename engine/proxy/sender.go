package proxy

import (
	"net/netip"

	"github.com/ldcorn/ldcorn/engine/head"
	"github.com/ldcorn/ldcorn/engine/plan"
)

// A sender is who sent a request, as far as it can be believed. It is read
// once per request, however many routes, routers and headers ask for it.
type sender struct {
	read    bool       // the rest is that of the request at hand
	peer    netip.Addr // who is connected to us; not valid on a unix socket
	ours    string     // the port of our listener; "" for a unix socket
	trusted bool       // what the peer says is believed
	named   bool       // the peer has said who the client is
	addr    netip.Addr // of the client: the peer's where that names nobody
	proto   []byte     // that the client used, as the peer says; empty = it does not say
	host    []byte     // that the client asked for, likewise
	port    []byte     // likewise

	proxies int                 // how many addresses of via are in use
	via     [maxHops]netip.Addr // the trusted proxies from our peer, which is left out, to the client
}

// maxHops bounds how many elements of a list of addresses are read. No request
// goes through as many proxies: who has sent more has made them up.
const maxHops = 32

// sender returns who sent the request at hand.
func (r *Request) sender() *sender {
	if !r.from.read {
		r.snap.forward.read(&r.from, r.head, r.client.Peer(), r.client.Port())
	}
	return &r.from
}

// told are the fields that tell of a client in the X-Forwarded- way.
var told = head.Kinds(head.KindXForwardedFor, head.KindXForwardedProto, head.KindXForwardedHost, head.KindXForwardedPort)

// read finds out who sent a request. A trusted peer tells it in fields of the
// X-Forwarded- kind or, where there is none of those, in Forwarded. The two
// are never mixed: a proxy writes one of them, and passes on what its client
// has made up of the other. Nearly all proxies write X-Forwarded-For, so that
// a Forwarded beside it is not looked at.
func (f *forwarder) read(s *sender, req *head.Request, peer netip.Addr, ours string) {
	s.read, s.peer, s.ours, s.addr, s.trusted = true, peer, ours, peer, f.trustsPeer(peer, ours)
	s.named, s.proxies, s.proto, s.host, s.port = false, 0, nil, nil, nil
	if !s.trusted {
		return
	}
	switch seen := req.Seen(); {
	case seen&told != 0:
		f.readChain(s, req)
		s.proto = last(req, head.KindXForwardedProto)
		s.host = last(req, head.KindXForwardedHost)
		s.port = last(req, head.KindXForwardedPort)
	case seen.Has(head.KindForwarded):
		f.readForwarded(s, req)
	}
	if !plainHost(s.host) {
		s.host = nil
	}
	if !isPort(s.port) {
		s.port = nil
	}
}

// pass takes the next address of a list that is read from right to left. It
// reports whether what is left of it is believed as well.
func (f *forwarder) pass(s *sender, ip netip.Addr) bool {
	if !ip.IsValid() {
		return false
	}
	if s.named {
		s.via[s.proxies] = s.addr
		s.proxies++
	}
	s.addr, s.named = ip, true
	return f.trusts(ip)
}

// isSecure reports whether the client used TLS.
func (s *sender) isSecure() bool {
	return head.EqualFold(s.proto, "https") || head.EqualFold(s.proto, "wss")
}

// scheme is the one that the app is told of, or takes where it is told nothing:
// in the mode "off" that is ours.
func (s *sender) scheme(mode plan.Forwarded) string {
	if mode != plan.ForwardedOff && s.isSecure() {
		return "https"
	}
	return "http"
}
