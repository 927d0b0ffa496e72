package proxy

import (
	"github.com/ldcorn/ldcorn/engine/pool"
	"github.com/ldcorn/ldcorn/engine/request"
)

// Holder returns the index of the worker that a request which goes to a group would
// belong to now; see decide.Holder. Nothing is sent. Any goroutine may call it.
func (p *Proxy) Holder(sample *request.Sample, group, key string) (worker int, ok bool) {
	s := p.Snapshot()
	if s == nil {
		return 0, false
	}
	to, ok := s.Decider.Group(group)
	if !ok || to.Pool == nil {
		return 0, false
	}
	r := &Request{p: p, snap: s, head: sample.View.Head, view: sample.View, key: key}
	var c pool.Claim
	r.bind(&c, to)
	return to.Pool.Owner(&c)
}
