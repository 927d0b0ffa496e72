package proxy

import (
	"sync/atomic"

	"github.com/ldcorn/ldcorn/engine/decide"
	"github.com/ldcorn/ldcorn/engine/plan"
)

// Hits count which routes of a plan have decided about requests. Each loop has counters of
// its own, so that counting shares nothing between processors.
type hits struct {
	rules  []RouteHits // with what earlier plans have counted, in the order written
	beyond [2]uint64   // the same for byRouter and byNone
	loops  [][]atomic.Uint64
}

// The counters behind those of the routes.
const (
	byRouter = iota // the router decided
	byNone          // no route took the request
)

// padding is how many counters keep those of two loops apart in the caches.
const padding = 16

// RouteHits is how often a route has taken a request.
type RouteHits struct {
	Group string
	Route string // as the configuration writes its matcher
	Hits  uint64 // since a plan first had the route in the group
}

// AllHits are those of the plan in effect.
type AllHits struct {
	Routes       []RouteHits // in the order written
	Router, None uint64      // decisions of the router, and requests that no route took, since the start of the master
}

// newHits returns the counters of a plan. Routes that the plan before has, too, go on.
func newHits(p *plan.Plan, loops int, before *AllHits) *hits {
	h := &hits{beyond: [2]uint64{before.Router, before.None}}
	type key struct{ group, route string }
	known := make(map[key][]uint64)
	for _, r := range before.Routes {
		k := key{r.Group, r.Route}
		known[k] = append(known[k], r.Hits)
	}
	for _, g := range p.Groups {
		for i := range g.Routes {
			one := RouteHits{Group: g.Name, Route: g.Routes[i].String()}
			if k := (key{one.Group, one.Route}); len(known[k]) > 0 {
				one.Hits, known[k] = known[k][0], known[k][1:]
			}
			h.rules = append(h.rules, one)
		}
	}
	h.loops = make([][]atomic.Uint64, loops)
	for i := range h.loops {
		h.loops[i] = make([]atomic.Uint64, len(h.rules)+len(h.beyond)+padding)
	}
	return h
}

// count counts a decision in a loop. It allocates nothing.
func (h *hits) count(loop int, o *decide.Outcome[Target]) {
	at := len(h.rules)
	switch {
	case o.Route != nil:
		at = o.Number
	case o.ByRouter():
		at += byRouter
	case o.Refusal == decide.NoRoute:
		at += byNone
	default:
		return // a static has decided
	}
	h.loops[loop][at].Add(1)
}

// all returns what has been counted so far.
func (h *hits) all() *AllHits {
	out := &AllHits{Routes: append([]RouteHits(nil), h.rules...), Router: h.beyond[byRouter], None: h.beyond[byNone]}
	for _, loop := range h.loops {
		for i := range out.Routes {
			out.Routes[i].Hits += loop[i].Load()
		}
		out.Router += loop[len(h.rules)+byRouter].Load()
		out.None += loop[len(h.rules)+byNone].Load()
	}
	return out
}

// Hits returns how often each route of the plan in effect has taken a request. Requests
// that began before the plan was published, and are decided later, do not count. Any
// goroutine may call it.
func (p *Proxy) Hits() *AllHits {
	if s := p.snap.Load(); s != nil {
		return s.hits.all()
	}
	return new(AllHits)
}
