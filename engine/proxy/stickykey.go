package proxy

import (
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/pool"
)

// stickyKey is the key by which the request stays with a worker; 0 for a
// request that has none.
func (x *exchange) stickyKey(by plan.Key) uint64 {
	var v []byte
	switch by.By {
	case plan.KeyCookie:
		v, _ = x.view.Cookie(by.Name)
	case plan.KeyHeader:
		v, _ = x.view.Header(by.Name)
	case plan.KeyClientIP:
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
