package history

import (
	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/result"
	"github.com/ldcorn/ldcorn/engine/stats"
)

// A seat holds the history of the workers of one index.
type seat struct {
	seconds, minutes ring[workerPoint]
	seen             uint64 // number of the last sample with the worker
	total            totals

	now    workerPoint // of the sample being taken
	cpu    float32
	took   buckets
	minute struct {
		number uint64 // 0 if it has no second yet
		sum    workerSum
		took   buckets
	}
}

// totals are the totals of a seat at the last sample.
type totals struct {
	requests, errors uint64
	took             buckets
}

// see begins a sample with the state of a worker. Those of one index count together.
func (s *seat) see(w *api.WorkerStatus, n uint64, used use, known bool) {
	if s.seen != n {
		s.seen, s.took, s.cpu = n, buckets{}, unknown
		s.now = workerPoint{p95: unknown, rss: unknown}
		if w.PID == 0 {
			s.now.rss, s.cpu = 0, 0
		}
	}
	s.now.inFlight = clip(int(s.now.inFlight) + w.Requests + w.Websockets)
	if known {
		s.now.rss, s.cpu = sum(s.now.rss, used.rss), sum(s.cpu, used.cpu)
	}
}

// count adds what was counted since the sample before to the sample.
func (s *seat) count(c *stats.Counts) {
	requests, errors := c.Requests(), c.Classes[len(stats.Classes)-1]+c.Faults.Of(result.KindCut)
	if requests == s.total.requests && errors == s.total.errors {
		return // which is cheap, as most workers of many rest
	}
	s.now.requests, s.now.errors = uint32(requests-s.total.requests), uint32(errors-s.total.errors)
	s.total.requests, s.total.errors = requests, errors
	s.took.since(&c.Took, &s.total.took)
	s.now.p95 = s.took.percentile(0.95)
}

// end ends a sample.
func (s *seat) end() {
	s.now.cpu = hundredths(s.cpu)
	s.seconds.put(s.seen, keptSeconds, s.now)
	m := &s.minute
	if number := minuteOf(s.seen); m.number != number {
		s.endMinute()
		m.number = number
	}
	m.sum.add(&s.now)
	m.took.add(&s.took)
}

// endMinute puts the minute into the ring, if it has a second.
func (s *seat) endMinute() {
	m := &s.minute
	if m.number == 0 {
		return
	}
	p := m.sum.result()
	p.p95 = m.took.percentile(0.95)
	s.minutes.put(m.number, keptMinutes, p)
	m.number, m.sum, m.took = 0, workerSum{}, buckets{}
}
