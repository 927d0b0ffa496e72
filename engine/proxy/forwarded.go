package proxy

import (
	"bytes"
	"log/slog"
	"net/netip"
	"slices"
	"unsafe"

	"github.com/ldcorn/ldcorn/engine/head"
	"github.com/ldcorn/ldcorn/engine/http1"
	"github.com/ldcorn/ldcorn/engine/plan"
)

// A forwarder writes the headers that tell a worker about the client. There
// is one for each listener of a plan.
//
// Uvicorn is told to believe them (engine/worker) and takes the left-most
// address of X-Forwarded-For, so it must get nothing that a client could
// have made up. The fields are replaced, and a list keeps only the part that trusted
// peers vouch for.
type forwarder struct {
	mode    plan.Forwarded
	trusted []netip.Prefix
	ignored *ignoredPeers // nil logs nothing
}

func newForwarder(mode plan.Forwarded, trusted []netip.Prefix, log *slog.Logger) forwarder {
	f := forwarder{mode: mode, trusted: trusted}
	if f.mode != plan.ForwardedOff {
		f.ignored = &ignoredPeers{log: log, any: len(f.trusted) > 0}
	}
	return f
}

// follows makes a forwarder that trusts the same peers as the one before it
// remember which others were logged.
func (f *forwarder) follows(before *forwarder) {
	if f.ignored != nil && before.ignored != nil && slices.Equal(f.trusted, before.trusted) {
		f.ignored = before.ignored
	}
}

// append appends the fields that describe the sender of a request. socket says that
// the request is a websocket handshake for a worker that expects ws or wss as the
// scheme.
func (f *forwarder) append(out []byte, req *head.Request, s *sender, socket bool) []byte {
	if f.mode == plan.ForwardedOff {
		return out
	}
	all := f.mode == plan.ForwardedAppend && s.named
	out = appendClient(out, s, all)
	scheme := s.scheme(f.mode)
	out = append(out, "X-Forwarded-Proto: "...)
	switch {
	case !socket:
		out = append(out, scheme...)
	case scheme == "https":
		out = append(out, "wss"...)
	default:
		out = append(out, "ws"...)
	}
	out = append(out, "\r\n"...)
	host := req.Host
	if len(s.host) > 0 {
		host = s.host
	}
	out = appendOrigin(out, host, f.portOf(s, host, scheme))
	return appendForwarded(out, s, all, host, scheme)
}

// portOf returns the port that the client asked for: the one that the peer says,
// otherwise the port of the host, otherwise the default port of the scheme that the
// peer says, otherwise the port of the listener.
func (f *forwarder) portOf(s *sender, host []byte, scheme string) string {
	switch {
	case len(s.port) > 0:
		return lend(s.port)
	case s.trusted && isPort(hostPort(host)):
		return lend(hostPort(host))
	case len(s.proto) == 0:
		return s.ours
	case scheme == "https":
		return "443"
	}
	return "80"
}

// lend returns the bytes as a string, which is valid only as long as they are.
func lend(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// trustsPeer reports whether to believe what a peer says about its client. A peer on
// a unix socket has no address that could be configured. The mode of the socket
// decides who can connect, so it is trusted if any proxy is.
func (f *forwarder) trustsPeer(peer netip.Addr, ours string) bool {
	if !peer.IsValid() {
		return ours == "" && len(f.trusted) > 0
	}
	return f.trusts(peer)
}

func (f *forwarder) trusts(ip netip.Addr) bool {
	return slices.ContainsFunc(f.trusted, func(p netip.Prefix) bool { return p.Contains(ip) })
}

// appendClient appends the address of the client and, with all, those of the
// proxies that it came through. A client on a unix socket has none.
func appendClient(out []byte, s *sender, all bool) []byte {
	if !s.addr.IsValid() {
		return out
	}
	out = append(out, "X-Forwarded-For: "...)
	at := len(out)
	out = s.addr.AppendTo(out)
	end := len(out)
	if all {
		for i := s.proxies - 1; i >= 0; i-- {
			out = s.via[i].AppendTo(append(out, ", "...))
		}
		if s.peer.IsValid() {
			out = s.peer.AppendTo(append(out, ", "...))
		}
	}
	out = append(out, "\r\nX-Real-IP: "...)
	out = append(out, out[at:end]...)
	return append(out, "\r\n"...)
}

// appendOrigin appends what the client asked for: the host, and the port if it is
// known.
func appendOrigin(out, host []byte, port string) []byte {
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

// plainHost reports whether b contains only bytes that occur in a host with a port.
func plainHost(b []byte) bool {
	for _, c := range b {
		switch {
		case '0' <= c && c <= '9', 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z':
		case c == '.', c == '-', c == '_', c == '~', c == ':', c == '[', c == ']':
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

// last returns the last element of the last field of a kind, which the nearest peer
// wrote.
func last(req *head.Request, kind head.Kind) []byte {
	if !req.Seen().Has(kind) {
		return nil
	}
	for i := len(req.Fields) - 1; i >= 0; i-- {
		if f := &req.Fields[i]; f.Kind == kind {
			return bytes.TrimSpace(f.Value[bytes.LastIndexByte(f.Value, ',')+1:])
		}
	}
	return nil
}
