package proxy

import (
	"net/netip"

	"github.com/ldcorn/ldcorn/engine/match"
	"github.com/ldcorn/ldcorn/engine/pool"
)

// stickyKey returns the key that binds the request to a worker, or 0 if there is
// none.
func (r *Request) stickyKey(by match.Key) uint64 {
	if by.By == match.KeyClientIP {
		return addressKey(r.view.ClientIP())
	}
	return textKey(by.Value(&r.view))
}

// addressKey returns the key for an address, or 0 if it is invalid.
func addressKey(ip netip.Addr) uint64 {
	if !ip.IsValid() {
		return 0
	}
	b := ip.As16()
	return pool.Key(b[:])
}

// textKey returns the key for a text, or 0 if it is empty.
func textKey(text []byte) uint64 {
	if len(text) == 0 {
		return 0
	}
	return pool.Key(text)
}
