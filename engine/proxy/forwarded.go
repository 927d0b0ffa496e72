package proxy

import (
	"bytes"
	"net"
	"net/netip"
	"slices"
	"strconv"

	"github.com/ldcorn/ldcorn/engine/http1"
	"github.com/ldcorn/ldcorn/engine/plan"
)

// A forwarder writes the headers that tell a worker about the client. It is
// made once per plan.
//
// Uvicorn is told to believe them (engine/worker) and takes the left-most
// address of X-Forwarded-For, so nothing a client could have made up may
// reach it: the fields are written anew, and of a list only the part that
// trusted peers vouch for.
type forwarder struct {
	mode    plan.Forwarded
	trusted []netip.Prefix
	port    string // of our listener; "" for a unix socket
}

func newForwarder(p *plan.Plan, addr net.Addr) forwarder {
	f := forwarder{mode: p.Forwarded, trusted: p.TrustedProxies}
	if tcp, ok := addr.(*net.TCPAddr); ok {
		f.port = strconv.Itoa(tcp.Port)
	}
	return f
}

// append writes the forwarded fields of a request from peer, whose address is
// not valid when it came over a unix socket.
func (f *forwarder) append(out []byte, req *http1.Request, peer netip.Addr) []byte {
	if f.mode == plan.ForwardedOff {
		return out
	}
	if f.trustsPeer(peer) {
		return f.appendBelieved(out, req, peer)
	}
	out = appendClient(out, peer)
	out = append(out, "X-Forwarded-Proto: http\r\n"...)
	return appendOrigin(out, req.Host, f.port)
}

// trustsPeer reports whether what a peer says of its client is believed. One
// on our unix socket has no address to be configured by; who may connect to
// it is decided by the mode of the socket, so that whoever has proxies in
// front at all means this one too.
func (f *forwarder) trustsPeer(peer netip.Addr) bool {
	if !peer.IsValid() {
		return f.port == "" && len(f.trusted) > 0
	}
	return f.trusts(peer)
}

func (f *forwarder) trusts(ip netip.Addr) bool {
	return slices.ContainsFunc(f.trusted, func(p netip.Prefix) bool { return p.Contains(ip) })
}

// appendBelieved writes the fields of a request that a trusted peer passed
// on.
func (f *forwarder) appendBelieved(out []byte, req *http1.Request, peer netip.Addr) []byte {
	chain := f.chain(req)
	client, ok := chain.next()
	if !ok {
		client = peer
	}
	if f.mode == plan.ForwardedSet || !ok {
		out = appendClient(out, client)
	} else {
		out = appendChain(out, client, chain, peer)
	}
	host := req.Host
	if v := last(req, http1.KindXForwardedHost); plainHost(v) {
		host = v
	}
	proto := last(req, http1.KindXForwardedProto)
	port := f.port
	switch {
	case isSecure(proto):
		out = append(out, "X-Forwarded-Proto: https\r\n"...)
		port = "443"
	default:
		out = append(out, "X-Forwarded-Proto: http\r\n"...)
		if len(proto) > 0 {
			port = "80"
		}
	}
	if p := last(req, http1.KindXForwardedPort); isPort(p) {
		return appendOrigin(out, host, p)
	}
	if p := hostPort(host); isPort(p) {
		return appendOrigin(out, host, p)
	}
	return appendOrigin(out, host, port)
}

// appendChain writes the client and the trusted proxies it came through.
func appendChain(out []byte, client netip.Addr, rest chain, peer netip.Addr) []byte {
	out = append(out, "X-Forwarded-For: "...)
	out = client.AppendTo(out)
	for ip, ok := rest.next(); ok; ip, ok = rest.next() {
		out = ip.AppendTo(append(out, ", "...))
	}
	if peer.IsValid() {
		out = peer.AppendTo(append(out, ", "...))
	}
	out = append(out, "\r\nX-Real-IP: "...)
	return append(client.AppendTo(out), "\r\n"...)
}

// appendClient names the client by its address; one on a unix socket has
// none.
func appendClient(out []byte, ip netip.Addr) []byte {
	if !ip.IsValid() {
		return out
	}
	out = append(out, "X-Forwarded-For: "...)
	at := len(out)
	out = ip.AppendTo(out)
	end := len(out)
	out = append(out, "\r\nX-Real-IP: "...)
	out = append(out, out[at:end]...)
	return append(out, "\r\n"...)
}

// appendOrigin writes what the client asked for: host, and port where it is
// known.
func appendOrigin[P string | []byte](out, host []byte, port P) []byte {
	if len(host) > 0 {
		out = http1.AppendField(out, "X-Forwarded-Host", host)
	}
	if len(port) > 0 {
		out = http1.AppendField(out, "X-Forwarded-Port", port)
	}
	return out
}

// hostPort returns the port of a host that has one, or nil.
func hostPort(host []byte) []byte {
	i := bytes.LastIndexByte(host, ':')
	if i < 0 || bytes.IndexByte(host[i:], ']') >= 0 {
		return nil
	}
	return host[i+1:]
}

// plainHost reports whether b holds nothing that a host and port do not.
func plainHost(b []byte) bool {
	for _, c := range b {
		switch {
		case '0' <= c && c <= '9', 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z':
		case c == '.', c == '-', c == '_', c == ':', c == '[', c == ']':
		default:
			return false
		}
	}
	return len(b) > 0
}

func isPort(b []byte) bool {
	if len(b) == 0 || len(b) > 5 {
		return false
	}
	for _, c := range b {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

// last returns the last element of the last field of a kind: the one the
// nearest peer wrote.
func last(req *http1.Request, kind http1.Kind) []byte {
	var v []byte
	for i := range req.Fields {
		if req.Fields[i].Kind == kind {
			v = req.Fields[i].Value
		}
	}
	if i := bytes.LastIndexByte(v, ','); i >= 0 {
		v = v[i+1:]
	}
	return bytes.TrimSpace(v)
}
