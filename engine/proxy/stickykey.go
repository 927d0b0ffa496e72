package proxy

import (
	"github.com/ldcorn/ldcorn/engine/match"
	"github.com/ldcorn/ldcorn/engine/pool"
)

// stickyKey is the key by which the request stays with a worker; 0 for a
// request that has none.
func (x *exchange) stickyKey(by match.Key) uint64 {
	var v []byte
	switch by.By {
	case match.KeyCookie:
		v, _ = x.view.Cookie(by.Name)
	case match.KeyHeader:
		v, _ = x.view.Header(by.Name)
	case match.KeyClientIP:
		if ip := x.view.ClientIP(); ip.IsValid() {
			b := ip.As16()
			return pool.Key(b[:])
		}
	}
	if len(v) == 0 {
		return 0
	}
	return pool.Key(v)
}
