package proxy

import (
	"net/netip"
	"time"

	"github.com/ldcorn/ldcorn/engine/netloop"
	"github.com/ldcorn/ldcorn/engine/pool"
)

// A socket is a websocket that is open, as others may see it. It does not change,
// and keeps nothing of the request that it was.
type socket struct {
	place            place[socket] // in the loop's list; guarded by its mu
	id, method, path string        // see InHand
	client           netip.Addr
	group            string
	worker           *pool.Worker
	begun, granted   netloop.Time
	queued           time.Duration
}

// listSocket lists the websocket that a request with a slot becomes. The caller
// must call the returned function once it ends, in any goroutine.
func (r *Request) listSocket() (unlist func()) {
	hands := r.p.handsOf(r.t)
	if hands == nil {
		return func() {}
	}
	s := &socket{
		id: string(r.id), method: cut(r.head.Method, maxShownMethod), path: cut(r.head.RawPath, maxShownPath),
		client: r.hand.client, group: r.rec.Group, worker: r.attempt.claim.Worker(),
		begun: r.rec.begun, granted: netloop.Time(r.attempt.granted.Load()), queued: r.rec.Queued,
	}
	s.place.of = s
	hands.sockets.add(&s.place)
	return func() { hands.sockets.remove(&s.place) }
}

// show copies what a websocket shows.
func (s *socket) show(now netloop.Time) InHand {
	return InHand{
		ID: s.id, Method: s.method, Path: s.path, Client: s.client, Group: s.group, Worker: s.worker.Index, PID: s.worker.PID,
		Stage: StageWebsocket, Age: now.Sub(s.begun), Queued: s.queued, Held: max(now.Sub(s.granted), 0),
	}
}
