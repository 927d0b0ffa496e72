package proxy

import (
	"net/netip"

	"github.com/ldcorn/ldcorn/engine/head"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/tlslayer"
)

// A sender describes who sent a request, as far as that can be believed. It is found
// once for each request, even if many routes and headers need it.
type sender struct {
	read    bool       // the rest is that of the present request
	peer    netip.Addr // of the connection; not valid on a unix socket
	ours    string     // the port of the listener; "" for a unix socket
	tls     string     // the version of TLS of the connection, such as "1.3"; "" = ldcorn itself does not secure it
	trusted bool       // ldcorn believes the fields that tell of the client
	named   bool       // the peer names the client
	ignored bool       // the fields name a client, but are not believed
	addr    netip.Addr // the client, or the peer if it names no client
	proto   []byte     // the scheme that the client used, as the peer says; empty if it does not say
	host    []byte     // the host that the client asked for, likewise
	port    []byte     // likewise

	proxies int                 // addresses in use in via
	via     [maxHops]netip.Addr // the trusted proxies between the peer and the client, nearest first
}

// maxHops limits how many elements of a list of addresses are read. No request goes
// through that many proxies: longer lists are made up.
const maxHops = 32

// sender returns the sender of the request.
func (r *Request) sender() *sender {
	if !r.from.read {
		r.by.forward.read(&r.from, r.head, r.client.Peer(), r.client.Port(), r.client.Anonymous())
		r.from.tls = ""
		if s := r.client.Session(); s != nil {
			r.from.tls = tlslayer.VersionName(s.Version)
		}
	}
	return &r.from
}

// told are the X-Forwarded- fields that describe a client.
var told = head.Kinds(head.KindXForwardedFor, head.KindXForwardedProto, head.KindXForwardedHost, head.KindXForwardedPort)

// read finds out who sent a request. A trusted peer says so in X-Forwarded- fields or,
// if there are none, in Forwarded. The two are never mixed: a proxy writes one of
// them, and passes on the other, which its client can have made up. Nearly all
// proxies write X-Forwarded-For, so it takes precedence.
//
// The fields of an anonymous connection are not the peer's own: a client that the peer
// does not know has written them, so that nobody vouches for them.
func (f *forwarder) read(s *sender, req *head.Request, peer netip.Addr, ours string, anonymous bool) {
	s.read, s.peer, s.ours, s.addr, s.trusted = true, peer, ours, peer, !anonymous && f.trustsPeer(peer, ours)
	s.named, s.proxies, s.proto, s.host, s.port = false, 0, nil, nil, nil
	if s.ignored = !s.trusted && f.ignored.note(peer, anonymous, req.Seen()); !s.trusted {
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

// pass takes the next address of a list that is read from right to left. It reports
// whether the element to its left is believed, too.
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

// isSecure reports whether the client used TLS: as the peer says, or else with
// ldcorn itself.
func (s *sender) isSecure() bool {
	if len(s.proto) == 0 {
		return s.tls != ""
	}
	return head.EqualFold(s.proto, "https") || head.EqualFold(s.proto, "wss")
}

// scheme returns the scheme that the app sees. In the mode "off" the app is told
// nothing, and what peers say is not believed.
func (s *sender) scheme(mode plan.Forwarded) string {
	if mode == plan.ForwardedOff && s.tls != "" || mode != plan.ForwardedOff && s.isSecure() {
		return "https"
	}
	return "http"
}
