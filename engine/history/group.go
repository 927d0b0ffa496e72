package history

import (
	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/result"
	"github.com/ldcorn/ldcorn/engine/stats"
)

// A group holds the history of a group.
type group struct {
	seconds, minutes ring[groupPoint]
	workers          []*seat // by index; nil where there is none
	seen             uint64  // number of the last sample with the group
	removed          bool    // it was then only draining

	counted  *stats.Group // whose counts the ones below are; nil before the first
	counts   counts
	restarts int

	now    groupPoint // of the sample being taken
	minute struct {
		number       uint64 // 0 if it has no second yet
		sum          groupSum
		took, queued buckets
	}
}

// counts are the totals of a group at the last sample.
type counts struct {
	classes               [len(stats.Classes)]uint64
	refused, failed, gone uint64
	took, queued          buckets
}

// refusals and failures are the kinds that count as refused and as failed. They are
// read-only.
var (
	refusals = []result.Kind{result.KindRateLimited, result.KindQueueFull, result.KindEvicted, result.KindQueueLate, result.KindShare,
		result.KindUnavailable, result.KindStopping}
	failures = []result.Kind{result.KindNoAnswer, result.KindMalformed, result.KindLate, result.KindCut}
)

// see begins a sample with the state of a group. A removed group that is draining and a
// new one with its name count together.
func (g *group) see(st *api.GroupStatus, n uint64, m *meter) {
	if g.seen != n {
		g.seen, g.removed = n, true
		g.now = groupPoint{rss: unknown, cpu: unknown}
	}
	g.removed = g.removed && st.Removed
	p := &g.now
	p.queued += uint32(max(st.Queued, 0))
	p.inFlight += uint32(max(st.Requests, 0))
	p.ready = clip(int(p.ready) + st.Ready)
	if !st.Removed {
		p.restarts = g.restartsSince(st)
	}
	for i := range st.Workers {
		w := &st.Workers[i]
		p.sockets += uint32(max(w.Websockets, 0))
		used, ok := m.of[w.PID]
		s := g.seat(w.Index)
		s.see(w, n, used, ok)
		switch {
		case ok:
			p.rss, p.cpu = sum(p.rss, used.rss), sum(p.cpu, used.cpu)
		case w.PID == 0:
			p.rss, p.cpu = sum(p.rss, 0), sum(p.cpu, 0)
		}
	}
}

// sum adds two values, either of which can be unknown.
func sum(a, b float32) float32 {
	switch {
	case a != a:
		return b
	case b != b:
		return a
	}
	return a + b
}

// restartsSince returns how many restarts there were since the sample before.
func (g *group) restartsSince(st *api.GroupStatus) uint16 {
	total := 0
	for _, of := range st.Restarts {
		for _, n := range of {
			total += n
		}
	}
	before := g.restarts
	g.restarts = total
	return clip(total - before) // 0 if the group has fewer workers, or is another
}

// seat returns the worker with an index.
func (g *group) seat(index int) *seat {
	for len(g.workers) <= index {
		g.workers = append(g.workers, nil)
	}
	if g.workers[index] == nil {
		g.workers[index] = new(seat)
	}
	return g.workers[index]
}

// take ends a sample: it adds what has been counted since the one before, which is nothing
// if counted is nil.
func (g *group) take(counted *stats.Group) {
	var took, queued buckets
	if counted != nil {
		if g.counted != counted {
			g.forget()
			if g.counted == nil && counted.Returned() {
				g.count(counted) // what has been counted was counted long ago
				for _, s := range g.workers {
					if s != nil {
						s.now.requests, s.now.errors, s.now.p95, s.took = 0, 0, unknown, buckets{}
					}
				}
			}
			g.counted = counted
		}
		took, queued = g.count(counted)
	}
	p := &g.now
	p.p50, p.p95, p.p99 = took.percentile(0.50), took.percentile(0.95), took.percentile(0.99)
	p.wait = queued.wait(0.95)
	g.seconds.put(g.seen, keptSeconds, *p)

	m := &g.minute
	if number := minuteOf(g.seen); m.number != number {
		g.endMinute()
		m.number = number
	}
	m.sum.add(p)
	m.took.add(&took)
	m.queued.add(&queued)
	for _, s := range g.workers {
		if s != nil && s.seen == g.seen {
			s.end()
		}
	}
	if g.seen%chunk == 0 {
		g.endMinute()
	}
}

// forget makes the totals those of new counters.
func (g *group) forget() {
	g.counts = counts{}
	for _, s := range g.workers {
		if s != nil {
			s.total = totals{}
		}
	}
}

// count adds what was counted since the sample before to the sample, and returns the times.
func (g *group) count(counted *stats.Group) (took, queued buckets) {
	var all stats.Counts
	counted.Each(func(index int, c *stats.Counts) {
		all.Add(c)
		if index >= 0 && index < len(g.workers) && g.workers[index] != nil {
			g.workers[index].count(c)
		}
	})
	p, then := &g.now, &g.counts
	for i, n := range all.Classes {
		p.classes[i] = uint32(n - then.classes[i])
	}
	refused, failed, gone := kinds(&all.Faults, refusals), kinds(&all.Faults, failures), all.Faults.Of(result.KindGone)
	p.refused, p.failed, p.gone = uint32(refused-then.refused), uint32(failed-then.failed), uint32(gone-then.gone)
	then.classes, then.refused, then.failed, then.gone = all.Classes, refused, failed, gone
	took.since(&all.Took, &then.took)
	queued.since(&all.Queued, &then.queued)
	return took, queued
}

func kinds(f *stats.Faults, of []result.Kind) (n uint64) {
	for _, kind := range of {
		n += f.Of(kind)
	}
	return n
}

// minuteOf returns the number of the minute of a second.
func minuteOf(second uint64) uint64 { return (second + chunk - 1) / chunk }

// endMinute puts the minute into the ring, if it has a second.
func (g *group) endMinute() {
	m := &g.minute
	if m.number == 0 {
		return
	}
	p := m.sum.result()
	p.p50, p.p95, p.p99 = m.took.percentile(0.50), m.took.percentile(0.95), m.took.percentile(0.99)
	p.wait = m.queued.wait(0.95)
	g.minutes.put(m.number, keptMinutes, p)
	m.number, m.sum, m.took, m.queued = 0, groupSum{}, buckets{}, buckets{}
	for _, s := range g.workers {
		if s != nil {
			s.endMinute()
		}
	}
}
