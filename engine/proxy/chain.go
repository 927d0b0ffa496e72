package proxy

import (
	"bytes"
	"net/netip"
	"unsafe"

	"github.com/ldcorn/ldcorn/engine/http1"
)

// A chain reads the elements of all X-Forwarded-For fields of a request, left
// to right. It is a value: a copy reads on from the same place.
type chain struct {
	fields []http1.Field
	list   []byte // the rest of the field at hand
}

func allForwarded(req *http1.Request) chain { return chain{fields: req.Fields} }

// chain returns the part of X-Forwarded-For that trusted peers vouch for,
// left to right: the client, then the trusted proxies it came through. Read
// from the right, it ends with the first address that is not a trusted
// proxy's, or before the first thing that is no address.
func (f *forwarder) chain(req *http1.Request) chain {
	all := allForwarded(req)
	believed := all
	for {
		at := all
		ip, ok := all.next()
		switch {
		case !ok:
			return believed
		case !ip.IsValid():
			believed = all
		case !f.trusts(ip):
			believed = at
		}
	}
}

// next returns the next element: the zero Addr when it is no address. It
// reports false at the end.
func (c *chain) next() (netip.Addr, bool) {
	for {
		var e []byte
		if e, c.list = http1.NextElement(c.list); len(e) > 0 {
			return parseAddr(e), true
		}
		if len(c.fields) == 0 {
			return netip.Addr{}, false
		}
		if f := &c.fields[0]; f.Kind == http1.KindXForwardedFor {
			c.list = f.Value
		}
		c.fields = c.fields[1:]
	}
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
	if len(port) > 0 && (port[0] != ':' || !isPort(port[1:])) {
		return nil
	}
	return host
}

const maxAddr = 64 // bytes of an address
