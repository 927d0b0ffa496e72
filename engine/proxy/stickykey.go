package proxy

import (
	"github.com/ldcorn/ldcorn/engine/match"
	"github.com/ldcorn/ldcorn/engine/pool"
)

// stickyKey returns the key that binds the request to a worker, or 0 if there is
// none.
func (r *Request) stickyKey(by match.Key) uint64 {
	var v []byte
	switch by.By {
	case match.KeyCookie:
		v, _ = r.view.Cookie(by.Name)
	case match.KeyHeader:
		v, _ = r.view.Header(by.Name)
	case match.KeyClientIP:
		if ip := r.view.ClientIP(); ip.IsValid() {
			b := ip.As16()
			return pool.Key(b[:])
		}
	}
	if len(v) == 0 {
		return 0
	}
	return pool.Key(v)
}
