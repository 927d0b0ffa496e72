package http2

import (
	"container/list"
	"sync"

	"golang.org/x/net/http2"

	"github.com/ldcorn/ldcorn/engine/netloop"
)

// A conn is a client's connection while it is served. Its task sends, and a fork of it
// takes what the client sends. The requests run in jobs on the same loop, and what all of
// them share is behind one lock, which nobody holds while he waits.
type conn struct {
	s     *Server
	t     netloop.Task
	c     netloop.Conn
	place *list.Element // in Server.conns; guarded by Server.mu

	reader reader // of the fork
	rest   rest

	mu      sync.Mutex // guards all below
	parked  bool       // the task waits for something to do
	over    bool       // nothing is sent any more
	ending  bool       // nothing is sent any more but control
	lost    bool       // the client is gone
	greeted bool       // the client has said what it can
	acked   bool       // it knows what we have said

	table    map[uint32]*stream // the streams that are not closed, or whose jobs have not ended
	top      uint32             // the highest one that the client has begun
	last     uint32             // the highest one that was not rejected by GOAWAY
	open     int                // streams that are not closed
	jobs     int                // that have not ended
	requests int                // of them, those that are not tunnels
	waiting  []*stream          // for a job to end, because there are maxStreams
	mute     []uint32           // streams that were reset lately
	muted    int                // how many were reset

	window  int64 // of the connection, for what is sent to the client
	initial int64 // that of a stream at first
	room    int64 // what of the connection's window the client has left
	owed    int64 // what it could have besides, and was not told
	paid    int   // bytes of bodies that were sent since the reader has looked
	blame   blame

	control []byte       // frames that go first
	held    netloop.Task // the reader waits until there is less of control; nil = it does not wait
	ring    queue        // streams that have something to send
	parched queue        // those that the window of the connection holds up
	limitAt netloop.Time // when to look for clients that take too little; 0 = never
	encoder encoder

	departure departure
}

// maxStreams is how many streams a client can have at once.
const maxStreams = 100

func newConn(s *Server, t netloop.Task, c netloop.Conn) *conn {
	k := &conn{s: s, t: t, c: c, table: map[uint32]*stream{},
		window: defaultWindow, initial: defaultWindow, room: connWindow}
	k.encoder.init()
	k.departure.emptyAt = t.Now()
	size := maxHeader(s.p.Snapshot().Plan)
	k.reader.most = size + slack
	k.reader.init(k)
	k.greet(size)
	return k
}

// serve serves the connection until it is over.
func (k *conn) serve() netloop.Verdict {
	defer k.close()
	reader := k.t.Fork(k.reader.run)
	err := k.sendAll()
	if err == netloop.ErrStopped {
		k.endCut()
	}
	k.sendsNoMore()
	reader.Interrupt()
	reader.Wait(k.t)
	switch {
	case err == netloop.ErrTimeout:
		return netloop.Verdict{Op: netloop.Reset}
	case err == netloop.ErrStopped:
		return netloop.Verdict{Op: netloop.Linger}
	case err != nil || k.endsQuietly():
		return netloop.Verdict{}
	}
	return netloop.Verdict{Op: netloop.Linger}
}

// endsQuietly reports whether nothing comes from the client any more.
func (k *conn) endsQuietly() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.lost || k.isForgotten()
}

// sendAll sends what there is to send until the connection is over. The error is nil if
// it can end in order.
func (k *conn) sendAll() error {
	for {
		k.t.Aside(k.isAside())
		out, room, err := k.next()
		if err == errOver {
			return nil
		}
		if err == nil && len(out) > 0 {
			_, err = k.c.Write(k.t, out, nil, k.s.p.Stall())
		}
		if room != nil {
			k.s.outs.Put(room)
		}
		if err != nil {
			return err
		}
	}
}

// endCut ends the connection when the driver was stopped: the requests get the answers
// that they can still get, or their streams are reset, and the client gets GOAWAY.
func (k *conn) endCut() {
	for job := k.anyJob(); job != nil; job = k.anyJob() {
		job.Wait(k.t)
	}
	k.mu.Lock()
	k.announceLast()
	k.mu.Unlock()
	if k.sendNow() {
		k.resetAll()
		k.sendNow()
	}
}

// sendNow sends what can be sent without a wait, and reports whether it was all.
func (k *conn) sendNow() bool {
	for {
		k.mu.Lock()
		out, room := k.compose()
		k.mu.Unlock()
		if room == nil {
			return true
		}
		_, err := k.c.Write(k.t, out, nil, 0)
		k.s.outs.Put(room)
		if err != nil {
			return false
		}
	}
}

// resetAll resets the streams that are open. Those that no job has begun can be repeated.
func (k *conn) resetAll() {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, st := range k.table {
		switch {
		case st.closed:
		case st.ended:
			k.reset(st, http2.ErrCodeInternal)
		default:
			k.reset(st, http2.ErrCodeRefusedStream)
		}
	}
}

// anyJob returns a job that has not ended.
func (k *conn) anyJob() netloop.Job {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, st := range k.table {
		if !st.ended && st.job != nil {
			return st.job
		}
	}
	return nil
}

// fail ends the connection with a reason.
func (k *conn) fail(code http2.ErrCode) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.ending || k.over {
		return
	}
	k.say(func(b []byte) []byte { return appendGoAway(b, k.last, code) })
	k.ending = true
	k.abandonAll()
}

// lose notes that the client is gone.
func (k *conn) lose() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.ending, k.lost = true, true
	k.abandonAll()
	k.wake()
}

// sendsNoMore notes that the task sends nothing any more.
func (k *conn) sendsNoMore() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.over, k.ending = true, true
	k.control = nil
	k.letRead()
}

// close ends what is left of the connection.
func (k *conn) close() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.over, k.ending = true, true
	k.abandonAll()
}

// wake has the task look for something to do. The caller holds mu.
func (k *conn) wake() {
	if k.parked {
		k.parked = false
		k.t.Wake()
	}
}

// letRead lets the reader continue. The caller holds mu.
func (k *conn) letRead() {
	if t := k.held; t != nil {
		k.held = nil
		t.Wake()
	}
}

// isAside reports whether nothing but tunnels is left of the connection when everything
// stops: the workers end those.
func (k *conn) isAside() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.departure.lastSaid && k.t.Stopping() && k.requests == 0
}

// isLeaving reports whether clients are to leave although requests are served. A
// connection that begins meanwhile serves a request first: a client that gets GOAWAY
// before it has sent one tries again on another connection, and would never get there.
func (k *conn) isLeaving() bool { return k.s.p.Departing() || k.c.Listener().Leaving() }
