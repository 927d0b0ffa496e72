package proxy

import (
	"bytes"
	"net/netip"

	"github.com/ldcorn/ldcorn/engine/http1"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/pool"
)

// stickyKey is the key by which the request stays with a worker; 0 for a
// request that has none.
func (x *exchange) stickyKey(by plan.Key) uint64 {
	var v []byte
	switch by.By {
	case plan.KeyCookie:
		v = cookie(&x.req, by.Name)
	case plan.KeyHeader:
		v = header(&x.req, by.Name)
	case plan.KeyClientIP:
		if ip := x.snap.forward.client(&x.req, x.c.Peer().Addr()); ip.IsValid() {
			b := ip.As16()
			return pool.Key(b[:])
		}
	}
	if len(v) == 0 {
		return 0
	}
	return pool.Key(v)
}

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

// header returns the value of the first field of a name, in lower case, that
// the app will see too.
func header(req *http1.Request, name string) []byte {
	for i := range req.Fields {
		if f := &req.Fields[i]; !f.Drop && http1.EqualFold(f.Name, name) {
			return f.Value
		}
	}
	return nil
}

// cookie returns the value of the first cookie of a name.
func cookie(req *http1.Request, name string) []byte {
	for i := range req.Fields {
		f := &req.Fields[i]
		if f.Kind != http1.KindCookie || f.Drop {
			continue
		}
		for rest := f.Value; len(rest) > 0; {
			var pair []byte
			pair, rest, _ = bytes.Cut(rest, semicolon)
			pair = bytes.TrimSpace(pair)
			if len(pair) > len(name) && pair[len(name)] == '=' && string(pair[:len(name)]) == name {
				return pair[len(name)+1:]
			}
		}
	}
	return nil
}

var semicolon = []byte(";")
