package proxy

import (
	"bytes"
	"net/netip"
	"unsafe"

	"github.com/ldcorn/ldcorn/engine/head"
)

// readChain reads X-Forwarded-For from right to left, up to the first address
// that is not a trusted proxy's: the client. Anybody can have made up
// the addresses to the left of the client's, or of text that is not an address.
func (f *forwarder) readChain(s *sender, req *head.Request) {
	l := list{fields: req.Fields, kind: head.KindXForwardedFor}
	for e := l.prev(); len(e) > 0 && f.pass(s, parseAddr(e)); e = l.prev() {
	}
}

// A list reads the elements of all fields of a kind, from right to left. It
// reads a bounded part of them, so that the work for a request does not grow
// with what a client sends.
type list struct {
	fields []head.Field // not read yet
	kind   head.Kind
	quoted bool   // quoted strings can contain commas
	rest   []byte // of the current field
	read   int    // elements so far, including empty ones
}

// maxElement is the longest element that is read. A longer one is returned without
// its start, and is still longer than this.
const maxElement = 1 << 10

// prev returns the next non-empty element to the left, without the blanks around
// it, or nil at the end.
func (l *list) prev() []byte {
	for l.read < maxHops && l.field() {
		l.read++
		part := l.rest[max(0, len(l.rest)-maxElement-1):]
		comma := bytes.LastIndexByte(part, ',')
		if l.quoted {
			comma = lastComma(part)
		}
		l.rest = l.rest[:len(l.rest)-len(part)+max(comma, 0)]
		if comma < 0 && len(part) > maxElement {
			return part
		}
		if e := bytes.TrimSpace(part[comma+1:]); len(e) > 0 {
			return e
		}
	}
	return nil
}

// field moves to the next field if the current one is used up. It returns false
// at the end.
func (l *list) field() bool {
	for len(l.rest) == 0 {
		n := len(l.fields) - 1
		if n < 0 {
			return false
		}
		if f := &l.fields[n]; f.Kind == l.kind && !f.Drop {
			l.rest = f.Value
		}
		l.fields = l.fields[:n]
	}
	return true
}

// lastComma returns the index of the last comma outside quoted strings, or -1. It
// searches from the right, so that a client that never closes a string cannot
// swallow what a proxy has appended.
func lastComma(b []byte) int {
	within := false
	for i := len(b) - 1; i >= 0; i-- {
		switch {
		case b[i] == '"' && !isEscaped(b, i):
			within = !within
		case b[i] == ',' && !within:
			return i
		}
	}
	return -1
}

// isEscaped reports whether an odd number of backslashes precedes i.
func isEscaped(b []byte, i int) bool {
	n := 0
	for i > n && b[i-1-n] == '\\' {
		n++
	}
	return n%2 == 1
}

// parseAddr parses an address as proxies write it: with or without a port, and
// with or without brackets around IPv6. It returns the zero Addr for anything
// else.
func parseAddr(b []byte) netip.Addr {
	b = withoutPort(bytes.Trim(b, `"`))
	if len(b) == 0 || len(b) > maxAddr || bytes.IndexByte(b, '%') >= 0 {
		return netip.Addr{}
	}
	// The string is used during this call only.
	ip, err := netip.ParseAddr(unsafe.String(unsafe.SliceData(b), len(b)))
	if err != nil {
		return netip.Addr{}
	}
	return ip.Unmap()
}

// withoutPort removes brackets and port from an address. It returns nil if they
// are malformed.
func withoutPort(b []byte) []byte {
	host, port := b, []byte(nil)
	if end := bytes.IndexByte(b, ']'); end > 0 && b[0] == '[' {
		host, port = b[1:end], b[end+1:]
	} else if i := bytes.IndexByte(b, ':'); i >= 0 && i == bytes.LastIndexByte(b, ':') {
		host, port = b[:i], b[i:]
	}
	if len(port) > 0 && (port[0] != ':' || !isNodePort(port[1:])) {
		return nil
	}
	return host
}

// isNodePort reports whether b is a port, or a name for one as in RFC 7239
// section 6.
func isNodePort(b []byte) bool {
	if len(b) < 2 || b[0] != '_' {
		return isPort(b)
	}
	for _, c := range b {
		if !isWordByte(c) {
			return false
		}
	}
	return true
}

func isWordByte(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '.' || c == '-' || c == '_'
}

const maxAddr = 64 // bytes of an address
