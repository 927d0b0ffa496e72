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

// note is http.Server.ConnState. HTTP/2 connections are idle without streams.
func (r *rest) note(_ net.Conn, state http.ConnState) {
	if state == http.StateIdle {
		r.since.Store(int64(netloop.Now()))
	} else {
		r.since.Store(0)
	}
}

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
