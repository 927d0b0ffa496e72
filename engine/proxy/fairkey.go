package proxy

import (
	"unsafe"

	"github.com/ldcorn/ldcorn/engine/match"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/pool"
	"github.com/ldcorn/ldcorn/engine/result"
)

// rank sets what the order of the queue needs to know about the request.
func (r *Request) rank(c *pool.Claim, set *plan.Group) {
	text := r.fairText(set.Fair)
	c.Priority, c.Fair = nil, r.fairKey(set.Fair, text)
	if r.override != nil {
		c.Priority = r.override.Priority
	}
	r.rec.Priority = r.override.PriorityIn(set)
	if r.rec.Fair == 0 && set.Fair.By != match.KeyNone { // follow resets it
		r.rec.Fair = result.NewFairKey(text)
	}
	r.hand.priority.Store(int32(r.rec.Priority))
	r.hand.fair.Store(uint32(r.rec.Fair))
}

// fairText returns the key whose turns the request takes, unless that is its
// client's address. A key of the router takes the place of the one in the request.
// It is valid only during the request.
func (r *Request) fairText(by match.Key) []byte {
	if r.fair != "" {
		return unsafe.Slice(unsafe.StringData(r.fair), len(r.fair))
	}
	return by.Sole(&r.view)
}

// fairKey returns the hash of the key whose turns the request takes, which is a text or
// the client's address, or 0 if it has none. A network of IPv6 counts as one client:
// whoever has an address has 2^64 of them.
func (r *Request) fairKey(by match.Key, text []byte) uint64 {
	if len(text) > 0 || by.By != match.KeyClientIP {
		return textKey(text)
	}
	ip := r.view.ClientIP()
	if ip.Is6() && !ip.Is4In6() {
		b := ip.As16()
		return pool.Key(b[:8])
	}
	return addressKey(ip)
}
