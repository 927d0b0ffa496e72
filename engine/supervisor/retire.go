package supervisor

import (
	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/pool"
)

// retire takes members out of service: ready members finish the requests that
// they have, the others stop at once. With cut, nobody waits for requests.
func (g *group) retire(members []*member, cut bool) {
	g.pool.Swap(nil, readyOf(members))
	for _, m := range members {
		g.release(m, cut)
	}
}

// release tells a member that gets no new requests to end.
func (g *group) release(m *member, cut bool) {
	if m.state == api.StateReady {
		requests, tunnels := m.worker.InFlight()
		g.move(m, api.StateDraining, api.Event{Requests: requests, Websockets: tunnels}, "requests", requests, "websockets", tunnels)
	}
	m.current = false
	if sc := m.succession; sc != nil && sc.phase != beside { // a replacement beside its predecessor is dropped by its caller
		g.conclude(sc)
	}
	if m.ctx.Err() == nil {
		spec := g.spec // nil before the first plan is in effect
		if m.index < len(g.seats) {
			spec = g.seats[m.index].target.spec
		}
		if spec != nil { // the settings of its successor apply
			m.limits = g.limitsOf(spec)
		}
		m.cancel(errRetired)
	}
	if cut && !m.isCut {
		m.isCut = true
		close(m.cut)
	}
}

// retireAll retires every member that is still alive.
func (g *group) retireAll(cut bool) {
	all := make([]*member, 0, len(g.members))
	for m := range g.members {
		all = append(all, m)
	}
	g.retire(all, cut)
}

// finish ends the group: with cut, immediately; without cut, once the queue of
// its closed pool is empty and its workers have drained.
func (g *group) finish(cut bool) {
	g.closing = true
	if cut {
		g.emptied = nil
		g.retireAll(true)
		return
	}
	g.pool.Close()
	g.emptied = g.pool.Empty()
}

func readyOf(members []*member) []*pool.Worker {
	var workers []*pool.Worker
	for _, m := range members {
		if m.state == api.StateReady {
			workers = append(workers, m.worker)
		}
	}
	return workers
}
