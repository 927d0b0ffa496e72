package http2

import (
	"net"
	"net/http"
	"sync/atomic"

	"github.com/ldcorn/ldcorn/engine/netloop"
)

// A rest knows since when a connection rests: it has no stream, and its client sends
// nothing. Any goroutine may call it.
type rest struct {
	since atomic.Int64 // a netloop.Time; 0 = a stream is open, or none has been possible yet
}

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

// isForgotten reports whether the client, which rested before it got the first GOAWAY,
// has done nothing about the second one either, while everything stops. Such a
// connection is closed without the wait for bytes that would reset it: the client has
// long taken its last answer.
func (k *conn) isForgotten() bool {
	return k.out.goAway && k.t.Stopping() && k.rest.before(netloop.Time(k.restedBy.Load()))
}

// endAt returns when the connection is closed although net/http goes on; 0 = never.
func (k *conn) endAt() netloop.Time {
	if !k.isForgotten() {
		return 0
	}
	return k.t.Now().Add(stopTime)
}

// note is http.Server.ConnState. net/http calls a connection idle while it has no
// stream, and tells so before it starts the handler of a stream.
func (k *conn) note(_ net.Conn, state http.ConnState) {
	if state == http.StateIdle {
		k.rest.begin()
		k.s.rests(k)
	} else {
		k.rest.end()
	}
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
	s.mu.Lock()
	defer s.mu.Unlock()
	for looks := min(n*looksPerShed, s.conns.Len()); looks > 0 && ended < n; looks-- {
		e := s.conns.Front()
		k := e.Value.(*conn)
		if k.wire.endRested(func() bool { return k.rest.before(since) }) {
			s.conns.Remove(e)
			ended++
		} else {
			s.conns.MoveToBack(e)
		}
	}
	return ended
}
