package proxy

import (
	"bytes"
	"net/netip"
	"unsafe"

	"github.com/ldcorn/ldcorn/engine/head"
)

// readChain reads X-Forwarded-For from right to left, up to the first address
// that is not a trusted proxy's: the client. What is left of that, or of
// something that is no address, anybody may have made up.
func (f *forwarder) readChain(s *sender, req *head.Request) {
	l := list{fields: req.Fields, kind: head.KindXForwardedFor}
	for e := l.prev(); len(e) > 0 && f.pass(s, parseAddr(e)); e = l.prev() {
	}
}

// A list reads the elements of all fields of a kind, from right to left. It
// reads a bounded part of them, so that the work for a request does not grow
// with what a client sends.
type list struct {
	fields []head.Field // that are still to be read
	kind   head.Kind
	quoted bool   // commas may stand in quoted strings
	rest   []byte // of the field at hand
	read   int    // elements, empty ones too
}

// maxElement is how long an element may be. A longer one is returned cut off
// at its left, and is longer than this.
const maxElement = 1 << 10

// prev returns the next element to the left that is not empty, without blanks
// around it, or nil at the end.
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

// field sees to it that there is something of a field to read.
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

// lastComma returns the index of the last comma outside of quoted strings, or
// -1. From the right, so that a client that opens a string and never ends it
// takes nothing of what a proxy has added behind it.
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

// isEscaped reports whether an odd number of backslashes stands before i.
func isEscaped(b []byte, i int) bool {
	n := 0
	for i > n && b[i-1-n] == '\\' {
		n++
	}
	return n%2 == 1
}

// parseAddr reads an address as proxies write it: with a port or without,
// IPv6 in brackets or not. The zero Addr stands for anything else.
func parseAddr(b []byte) netip.Addr {
	b = withoutPort(bytes.Trim(b, `"`))
	if len(b) == 0 || len(b) > maxAddr || bytes.IndexByte(b, '%') >= 0 {
		return netip.Addr{}
	}
	// The string lives for this call only.
	ip, err := netip.ParseAddr(unsafe.String(unsafe.SliceData(b), len(b)))
	if err != nil {
		return netip.Addr{}
	}
	return ip.Unmap()
}

// withoutPort cuts brackets and port off an address; nil where they are
// malformed.
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

// isNodePort reports whether b is a port, or a word that stands for one, as of
// RFC 7239 section 6.
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
