package proxy

import (
	"github.com/ldcorn/ldcorn/engine/match"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/pool"
)

// rank sets what the order of the queue needs to know about the request.
func (r *Request) rank(c *pool.Claim, set *plan.Group) {
	c.Priority, c.Fair = nil, r.fairKey(set.Fair)
	if r.override != nil {
		c.Priority = r.override.Priority
	}
}

// fairKey returns the key whose turns the request takes, or 0 if it has none. A
// key of the router takes the place of the one in the request. A network of IPv6
// counts as one client: whoever has an address has 2^64 of them.
func (r *Request) fairKey(by match.Key) uint64 {
	if r.fair != "" {
		return pool.Key(r.fair)
	}
	if by.By != match.KeyClientIP {
		return textKey(by.Sole(&r.view))
	}
	ip := r.view.ClientIP()
	if ip.Is6() && !ip.Is4In6() {
		b := ip.As16()
		return pool.Key(b[:8])
	}
	return addressKey(ip)
}
