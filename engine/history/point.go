package history

import (
	"math"

	"github.com/ldcorn/ldcorn/engine/stats"
)

// A groupPoint is what a group did in a second or a minute. The order of its fields
// wastes no memory.
type groupPoint struct {
	classes [len(stats.Classes)]uint32
	refused uint32
	failed  uint32
	gone    uint32

	p50, p95, p99 float32 // seconds; unknown without requests
	wait          float32 // seconds; unknown without requests

	queued   uint32
	inFlight uint32
	sockets  uint32
	ready    uint16
	restarts uint16

	rss float32 // bytes
	cpu float32 // processors
}

func (p *groupPoint) requests() (n uint64) {
	for _, k := range p.classes {
		n += uint64(k)
	}
	return n
}

// A workerPoint is what a worker did in a second or a minute.
type workerPoint struct {
	requests uint32
	errors   uint32
	p95      float32 // seconds; unknown without requests
	rss      float32 // bytes
	inFlight uint16
	cpu      uint16 // hundredths of a processor, or unknownCPU
}

// unknownCPU is a cpu of a workerPoint that is not known.
const unknownCPU = math.MaxUint16

// clip converts a number that can be too high.
func clip(n int) uint16 { return uint16(min(max(n, 0), math.MaxUint16)) }

// hundredths returns the cpu of a workerPoint.
func hundredths(cpu float32) uint16 {
	if cpu != cpu {
		return unknownCPU
	}
	return uint16(min(float64(cpu)*100+0.5, unknownCPU-1))
}

// A mean is the mean of the values that are known.
type mean struct {
	sum float64
	n   int
}

func (m *mean) add(v float32) {
	if v == v {
		m.sum, m.n = m.sum+float64(v), m.n+1
	}
}

func (m *mean) value() float32 {
	if m.n == 0 {
		return unknown
	}
	return float32(m.sum / float64(m.n))
}

// highest returns the higher of two values, either of which can be unknown.
func highest(a, b float32) float32 {
	if a != a || b > a {
		return b
	}
	return a
}

// A groupSum puts points of a group together to one. The zero groupSum has none.
type groupSum struct {
	n     int
	point groupPoint // without cpu
	cpu   mean
}

func (s *groupSum) add(p *groupPoint) {
	t := &s.point
	if s.n == 0 {
		t.ready, t.rss = p.ready, unknown
	}
	s.n++
	for i, n := range p.classes {
		t.classes[i] += n
	}
	t.refused += p.refused
	t.failed += p.failed
	t.gone += p.gone
	t.queued, t.inFlight, t.sockets = max(t.queued, p.queued), max(t.inFlight, p.inFlight), max(t.sockets, p.sockets)
	t.ready, t.restarts = min(t.ready, p.ready), clip(int(t.restarts)+int(p.restarts))
	t.rss = highest(t.rss, p.rss)
	s.cpu.add(p.cpu)
}

// result returns the sum, without percentiles.
func (s *groupSum) result() groupPoint {
	p := s.point
	p.cpu = s.cpu.value()
	return p
}

// A workerSum is like a groupSum, for a worker.
type workerSum struct {
	n     int
	point workerPoint // without cpu
	cpu   mean
}

func (s *workerSum) add(p *workerPoint) {
	t := &s.point
	if s.n == 0 {
		t.rss = unknown
	}
	s.n++
	t.requests += p.requests
	t.errors += p.errors
	t.inFlight = max(t.inFlight, p.inFlight)
	t.rss = highest(t.rss, p.rss)
	s.cpu.add(p.processors())
}

// result returns the sum, without percentiles.
func (s *workerSum) result() workerPoint {
	p := s.point
	p.cpu = hundredths(s.cpu.value())
	return p
}

// processors returns the cpu of a point.
func (p *workerPoint) processors() float32 {
	if p.cpu == unknownCPU {
		return unknown
	}
	return float32(p.cpu) / 100
}
