package history

import "github.com/ldcorn/ldcorn/engine/api"

// size returns how many workers there are in the history of a group.
func (g *group) size() (n int) {
	for _, s := range g.workers {
		if s != nil {
			n++
		}
	}
	return n
}

// each calls f for the points of one step of a ring. A step of whole minutes is of the
// ring of minutes.
func each[T any](seconds, minutes *ring[T], s span, number uint64, f func(*T)) {
	from, length := seconds, s.step
	if s.step >= chunk {
		from, length = minutes, s.step/chunk
	}
	if from.chunks == nil {
		return
	}
	for n := (number-1)*length + 1; n <= number*length; n++ {
		if p := from.get(n); p != nil {
			f(p)
		}
	}
}

// columns returns columns of a length without values.
func columns(length int, of ...*api.Series) {
	all := make(api.Series, length*len(of))
	for i := range all {
		all[i] = unknown
	}
	for i, s := range of {
		*s = all[i*length : (i+1)*length : (i+1)*length]
	}
}

// history returns the columns of a group.
func (g *group) history(s span) (out api.GroupHistory) {
	columns(s.points(), &out.Requests, &out.Class1xx, &out.Class2xx, &out.Class3xx, &out.Class4xx, &out.Class5xx, &out.Refused, &out.Failed, &out.Gone,
		&out.P50, &out.P95, &out.P99, &out.WaitP95, &out.Queued, &out.InFlight, &out.Websockets, &out.Ready, &out.Restarts, &out.RSS, &out.CPU)
	for i := range s.points() {
		if p, ok := g.step(s, s.first+uint64(i)); ok {
			setGroup(&out, i, &p)
		}
	}
	return out
}

func setGroup(out *api.GroupHistory, i int, p *groupPoint) {
	out.Requests[i] = float32(p.requests())
	for k, class := range []api.Series{out.Class1xx, out.Class2xx, out.Class3xx, out.Class4xx, out.Class5xx} {
		class[i] = float32(p.classes[k])
	}
	out.Refused[i], out.Failed[i], out.Gone[i] = float32(p.refused), float32(p.failed), float32(p.gone)
	out.P50[i], out.P95[i], out.P99[i], out.WaitP95[i] = p.p50, p.p95, p.p99, p.wait
	out.Queued[i], out.InFlight[i], out.Websockets[i] = float32(p.queued), float32(p.inFlight), float32(p.sockets)
	out.Ready[i], out.Restarts[i] = float32(p.ready), float32(p.restarts)
	out.RSS[i], out.CPU[i] = p.rss, p.cpu
}

// step returns one step of a group, and false if nothing is known of it.
func (g *group) step(s span, number uint64) (groupPoint, bool) {
	var all groupSum
	var last groupPoint
	var took, waits estimate
	each(&g.seconds, &g.minutes, s, number, func(p *groupPoint) {
		all.add(p)
		last = *p
		n := float64(p.requests())
		// As far as a part is known, half of its requests took p50, and 5 of 100 p99.
		took.add(p.p50, 0.50*n)
		took.add(p.p95, 0.45*n)
		took.add(p.p99, 0.05*n)
		waits.add(p.wait, n)
	})
	if all.n <= 1 {
		return last, all.n == 1
	}
	p := all.result()
	p.p50, p.p95, p.p99 = took.percentile(0.50), took.percentile(0.95), took.percentile(0.99)
	p.wait = waits.percentile(0.95)
	return p, true
}

// workerHistories returns the columns of the workers of a group.
func (g *group) workerHistories(s span) []api.WorkerHistory {
	out := make([]api.WorkerHistory, 0, len(g.workers))
	for index, k := range g.workers {
		if k == nil {
			continue
		}
		one := k.history(s)
		one.Index, one.Removed = index, k.seen != g.seen
		out = append(out, one)
	}
	return out
}

// history returns the columns of a worker.
func (k *seat) history(s span) (out api.WorkerHistory) {
	columns(s.points(), &out.Requests, &out.Errors, &out.P95, &out.InFlight, &out.RSS, &out.CPU)
	for i := range s.points() {
		p, ok := k.step(s, s.first+uint64(i))
		if !ok {
			continue
		}
		out.Requests[i], out.Errors[i], out.InFlight[i] = float32(p.requests), float32(p.errors), float32(p.inFlight)
		out.P95[i], out.RSS[i], out.CPU[i] = p.p95, p.rss, p.processors()
	}
	return out
}

// step returns one step of a worker, and false if nothing is known of it.
func (k *seat) step(s span, number uint64) (workerPoint, bool) {
	var all workerSum
	var last workerPoint
	var took estimate
	each(&k.seconds, &k.minutes, s, number, func(p *workerPoint) {
		all.add(p)
		last = *p
		took.add(p.p95, float64(p.requests))
	})
	if all.n <= 1 {
		return last, all.n == 1
	}
	p := all.result()
	p.p95 = took.percentile(0.95)
	return p, true
}
