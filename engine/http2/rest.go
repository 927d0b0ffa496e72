package http2

import (
	"sync/atomic"
	"time"

	"github.com/ldcorn/ldcorn/engine/netloop"
)

// A rest knows since when a connection rests: it has no stream, and its client sends
// nothing. Any goroutine may call it.
type rest struct {
	since atomic.Int64 // a netloop.Time; 0 = a stream is open, or none has been possible yet
}

// restTime is how long a connection must have rested before its client needs no more
// time to take the last answer.
const restTime = time.Second

// begin notes that no stream is open.
func (r *rest) begin() { r.since.Store(int64(netloop.Now())) }

// end notes that a stream is open.
func (r *rest) end() { r.since.Store(0) }

// disturb notes that the client has sent something.
func (r *rest) disturb() {
	if since := r.since.Load(); since != 0 {
		r.since.CompareAndSwap(since, int64(netloop.Now()))
	}
}

// before reports whether the connection rests, and has done so since the given moment
// or longer.
func (r *rest) before(at netloop.Time) bool {
	since := netloop.Time(r.since.Load())
	return since != 0 && since <= at
}

// rests notes that no stream is open any more. The caller holds mu.
func (k *conn) rests() {
	if k.over || k.open > 0 || !k.greeted {
		return
	}
	k.departure.emptyAt = netloop.Now()
	k.rest.begin()
	k.s.rests(k)
	k.wake()
}

// rests notes that a connection has come to rest.
func (s *Server) rests(k *conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conns.MoveToBack(k.place)
}

// looksPerShed is at how many connections Shed looks for each that it may end: some
// are not at rest.
const looksPerShed = 8

// Shed ends connections at rest, see netloop.Shedder. GOAWAY names the last stream that
// was answered, so a client can repeat a request that it has sent meanwhile.
func (s *Server) Shed(n int, since netloop.Time) (ended int) {
	for looks := min(n*looksPerShed, s.size()); looks > 0 && ended < n; looks-- {
		k := s.first()
		if k == nil {
			break
		}
		if k.endRested(since) {
			ended++
		}
	}
	return ended
}

// first returns the connection that has come to rest before all others, and makes it the
// last one; nil if there is none.
func (s *Server) first() *conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.conns.Front()
	if e == nil {
		return nil
	}
	s.conns.MoveToBack(e)
	return e.Value.(*conn)
}

// size returns how many connections there are.
func (s *Server) size() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.conns.Len()
}
