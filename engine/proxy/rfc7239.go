package proxy

import (
	"bytes"
	"net/netip"

	"github.com/ldcorn/ldcorn/engine/head"
)

// readForwarded reads Forwarded (RFC 7239) as readChain reads X-Forwarded-For. Each
// element comes from one proxy and says who made the request, for which host and
// with which scheme. Only elements of trusted proxies count: the one that names the
// client, and those to its right. Of these, the leftmost describes the request of
// the client.
//
// A proxy that hides the sender ("unknown", or a name that it made up) ends the list:
// the sender is not known, and the address to the right counts.
func (f *forwarder) readForwarded(s *sender, req *head.Request) {
	l := list{fields: req.Fields, kind: head.KindForwarded, quoted: true}
	for {
		text := l.prev()
		var e element
		if len(text) == 0 || !e.parse(text) {
			return
		}
		if isScheme(e.proto) {
			s.proto = e.proto
		}
		if plainHost(e.host) {
			s.host = e.host
		}
		if !f.pass(s, parseAddr(e.client)) {
			return
		}
	}
}

func isScheme(b []byte) bool {
	return head.EqualFold(b, "http") || head.EqualFold(b, "https") || head.EqualFold(b, "ws") || head.EqualFold(b, "wss")
}

// An element is one forwarded-element of RFC 7239 section 4. Values have no quotes. A
// nil value is absent or contains escapes, which no address, host or scheme needs.
type element struct {
	client, host, proto []byte

	seen uint8 // which parameters it has
}

// parse parses an element. It returns false if the element is malformed or too long.
func (e *element) parse(b []byte) bool {
	if len(b) > maxElement {
		return false
	}
	for len(b) > 0 {
		b = bytes.TrimLeft(b, " \t;")
		if len(b) == 0 {
			break
		}
		i := bytes.IndexByte(b, '=')
		if i <= 0 || bytes.ContainsAny(b[:i], "; \t\"\\") {
			return false
		}
		name := b[:i]
		value, rest, ok := nextValue(b[i+1:])
		if !ok || !e.set(name, value) {
			return false
		}
		if b = bytes.TrimLeft(rest, " \t"); len(b) > 0 && b[0] != ';' {
			return false
		}
	}
	return true
}

// set sets a parameter. Each can occur once.
func (e *element) set(name, value []byte) bool {
	var at *[]byte
	var bit uint8
	switch {
	case head.EqualFold(name, "for"):
		at, bit = &e.client, 1
	case head.EqualFold(name, "host"):
		at, bit = &e.host, 2
	case head.EqualFold(name, "proto"):
		at, bit = &e.proto, 4
	default:
		return true
	}
	if e.seen&bit != 0 {
		return false
	}
	*at = value
	e.seen |= bit
	return true
}

// nextValue reads a token or a quoted string from the start of b.
func nextValue(b []byte) (value, rest []byte, ok bool) {
	if len(b) == 0 || b[0] != '"' {
		end := bytes.IndexAny(b, "; \t\"\\")
		if end < 0 {
			end = len(b)
		}
		return b[:end], b[end:], end > 0
	}
	escapes := false
	for i := 1; i < len(b); i++ {
		switch b[i] {
		case '\\':
			escapes = true
			i++
		case '"':
			if value = b[1:i]; escapes {
				value = nil
			}
			return value, b[i+1:], true
		}
	}
	return nil, nil, false
}

// appendForwarded appends the Forwarded field: the client, the host and scheme that it
// asked for, and then the proxies on the way.
func appendForwarded(out []byte, s *sender, all bool, host []byte, scheme string) []byte {
	out = appendNode(append(out, "Forwarded: "...), s.addr)
	if len(host) > 0 {
		out = append(out, ";host="...)
		if bytes.IndexByte(host, ':') >= 0 {
			out = append(append(append(out, '"'), host...), '"')
		} else {
			out = append(out, host...)
		}
	}
	out = append(append(out, ";proto="...), scheme...)
	if all {
		for i := s.proxies - 1; i >= 0; i-- {
			out = appendNode(append(out, ", "...), s.via[i])
		}
		if s.named && s.peer.IsValid() {
			out = appendNode(append(out, ", "...), s.peer)
		}
	}
	return append(out, "\r\n"...)
}

// appendNode appends a node identifier (RFC 7239 section 6).
func appendNode(out []byte, ip netip.Addr) []byte {
	out = append(out, "for="...)
	switch {
	case !ip.IsValid():
		return append(out, "unknown"...)
	case ip.Is4():
		return ip.AppendTo(out)
	}
	return append(ip.WithZone("").AppendTo(append(out, `"[`...)), `]"`...)
}
