package http2

import (
	"container/list"
	"context"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/ldcorn/ldcorn/engine/netloop"
)

// A conn is a client's connection while it is served. The connection's task
// writes, and starts streams; a fork of it reads.
type conn struct {
	s     *Server
	t     netloop.Task
	c     netloop.Conn
	wire  *wire
	place *list.Element // in Server.conns
	srv   *http.Server  // of net/http, for this connection alone, so that it can be told to end

	// Of the fork.
	in    frames
	calm  calm
	since netloop.Time // when the head that is coming has begun; 0 = none is

	// Of the task.
	out     frames
	greeted bool   // net/http has sent something, which begins with SETTINGS
	due     []byte // a frame of ours; nil = none

	rest     rest
	draining atomic.Bool
	restedBy atomic.Int64 // a netloop.Time: who rested since then has long had the last answer; 0 = it does not drain
	last     atomic.Bool  // the second GOAWAY is on its way
	requests atomic.Int32 // streams that are not tunnels
	window   atomic.Int64 // of the connection, for what is sent to the client
	initial  atomic.Int64 // that of a stream at first: the smallest that the client has said
	paid     atomic.Int64 // bytes of bodies that were sent since the fork has looked
	faults   atomic.Int64 // what the resets cost that the client has provoked since then
}

func newConn(s *Server, t netloop.Task, c netloop.Conn) *conn {
	k := &conn{s: s, t: t, c: c, wire: newWire(s, c)}
	k.in.expectPreface()
	k.window.Store(defaultWindow)
	k.initial.Store(defaultWindow)
	k.calm.begin(t.Now())
	k.srv = k.newServer()
	return k
}

// Bounds of a connection. One slow upload leaves room in the connection's window
// for others.
const (
	maxStreams   = 100
	maxFrame     = 16 << 10
	connWindow   = 1 << 20
	streamWindow = 256 << 10
)

var protocols = func() *http.Protocols {
	p := new(http.Protocols)
	p.SetUnencryptedHTTP2(true)
	return p
}()

// newServer returns the server of the connection, by the newest plan.
func (k *conn) newServer() *http.Server {
	p := k.s.p.Snapshot().Plan
	return &http.Server{
		Handler: k, ErrorLog: k.s.errors, Protocols: protocols, ConnState: k.note,
		IdleTimeout: p.IdleTimeout, MaxHeaderBytes: maxHeader(p) + slack,
		HTTP2: &http.HTTP2Config{MaxConcurrentStreams: maxStreams,
			MaxReadFrameSize:              maxFrame,
			MaxReceiveBufferPerConnection: connWindow, MaxReceiveBufferPerStream: streamWindow},
	}
}

// serve serves the connection until it is over.
func (k *conn) serve() netloop.Verdict {
	defer func() {
		for _, st := range k.wire.drop() {
			st.neverStarts()
		}
	}()
	// Serve returns once the connection has its goroutine, which ends when the
	// connection does.
	_ = k.srv.Serve(&single{conn: k.wire})
	reader := k.t.Fork(k.read)
	err := k.write()
	k.wire.breakOff()
	reader.Interrupt()
	reader.Wait(k.t)
	switch {
	case err == netloop.ErrTimeout:
		return netloop.Verdict{Op: netloop.Reset}
	case err != nil || k.isForgotten():
		return netloop.Verdict{}
	}
	return netloop.Verdict{Op: netloop.Linger}
}

// A single is a listener with one connection.
type single struct {
	conn net.Conn
	once bool
}

// Accept returns the connection once.
func (l *single) Accept() (net.Conn, error) {
	if l.once {
		return nil, net.ErrClosed
	}
	l.once = true
	return l.conn, nil
}

// Close does nothing.
func (l *single) Close() error { return nil }

// Addr returns the address of the connection.
func (l *single) Addr() net.Addr { return l.conn.LocalAddr() }

// read is the fork. It gives net/http what comes from the client.
func (k *conn) read(t netloop.Task) {
	t.Watch(k.c, []byte{}) // so that a client that is gone is noticed
	switch err := k.readAll(t); err {
	case netloop.ErrTimeout:
		k.wire.say(goAway(everyStream, codeEnhanceYourCalm), true)
	case netloop.ErrEnough:
	default:
		k.wire.feedEnd(err)
	}
}

// readAll reads until an error. netloop.ErrTimeout says that the client is too
// slow, or has sent too many frames that move nothing.
func (k *conn) readAll(t netloop.Task) error {
	for {
		wait, err := k.patience(t)
		if err == nil {
			err = k.c.WaitReadable(t, wait)
		}
		if err == nil {
			err = k.wire.awaitRoom(t)
		}
		if err != nil {
			return err
		}
		b := k.s.buffers.Get().(*[bufferSize]byte)
		n, err := k.c.Read(t, b[:], wait)
		if n == 0 {
			k.s.buffers.Put(b)
			if err == nil {
				err = io.EOF
			}
			return err
		}
		k.rest.disturb()
		k.in.scan(b[:n])
		k.wire.feed(b, n)
		t.Share()
		idle, heads, payload := k.in.take()
		k.widen()
		if !k.calm.judge(t.Now(), idle+int(k.faults.Swap(0)), heads, payload+int(k.paid.Swap(0))) {
			return netloop.ErrTimeout
		}
	}
}

// widen notes what the client has said about windows.
func (k *conn) widen() {
	if k.in.window > 0 {
		k.window.Add(k.in.window)
		k.in.window = 0
	}
	if w := k.in.initial; w > 0 && w-1 < k.initial.Load() {
		k.initial.Store(w - 1)
	}
}

// isGenerous reports whether the windows of the client have room for an answer of n
// bytes on each stream, so that it cannot be stuck: that needs no limit.
func (k *conn) isGenerous(n int64) bool {
	return n <= min(k.initial.Load(), bufferSize) && k.window.Load() >= maxStreams*bufferSize
}

// patience returns how long the client may take for the next bytes; 0 = no limit.
// A head must be complete header_timeout after its first byte.
func (k *conn) patience(t netloop.Task) (time.Duration, error) {
	switch {
	case k.in.between():
		k.since = 0
		return 0, nil
	case k.in.inBody():
		k.since = 0
		return k.s.p.Stall(), nil
	case k.since == 0:
		k.since = t.Now()
	}
	limit := k.s.p.Snapshot().Plan.HeaderTimeout
	if limit == 0 {
		return 0, nil
	}
	left := k.since.Add(limit).Sub(t.Now())
	if left <= 0 {
		return 0, netloop.ErrTimeout
	}
	return left, nil
}

// write sends what net/http has written, and starts streams, until the
// connection is over. The error is nil if it can end in order.
func (k *conn) write() error {
	var todo []*stream
	for {
		k.t.Aside(k.isAside())
		endAt := k.endAt()
		e, err := k.wire.await(k.t, todo, endAt)
		switch {
		case err == netloop.ErrTimeout && endAt != 0:
			return nil
		case err != nil:
			return err
		}
		for i, st := range e.todo {
			st.start(k.t)
			e.todo[i] = nil
		}
		if len(e.todo) > 0 && k.isLeaving() {
			k.drain(false)
		}
		todo = e.todo[:0]
		if e.due != nil {
			k.due = e.due
		}
		if e.shed {
			k.due = goAway(k.out.last, codeNone)
		}
		if err := k.send(e.out); err != nil {
			k.wire.feedEnd(err)
			return err
		}
		if e.closed || e.last && (k.due == nil || !k.greeted) {
			return nil
		}
	}
}

// send sends what net/http has written, and the frame that is due where another
// frame ends.
func (k *conn) send(out []byte) error {
	defer k.wire.sent(out)
	if err := k.sendDue(); err != nil {
		return err
	}
	if len(out) == 0 {
		return nil
	}
	k.out.scan(out)
	_, _, payload := k.out.take()
	k.paid.Add(int64(payload))
	k.faults.Add(int64(k.out.faults))
	k.out.faults = 0
	k.window.Add(-int64(payload))
	if _, err := k.c.Write(k.t, out, nil, k.s.p.Stall()); err != nil {
		return err
	}
	k.greeted = true
	return k.sendDue()
}

// sendDue sends our frame, if there is one and it may come now. The first frame is
// the SETTINGS of net/http (RFC 9113 section 3.4).
func (k *conn) sendDue() error {
	if k.due == nil || !k.greeted || !k.out.between() {
		return nil
	}
	due := k.due
	k.due = nil
	_, err := k.c.Write(k.t, due, nil, k.s.p.Stall())
	return err
}

// serves counts a stream that begins or ends.
func (k *conn) serves(n int32) {
	if k.requests.Add(n) == 0 && k.t.Stopping() {
		k.wire.look()
	}
}

// isAside reports whether nothing but tunnels is left of the connection when
// everything stops: the workers end those.
func (k *conn) isAside() bool {
	return k.last.Load() && k.t.Stopping() && k.requests.Load() == 0
}

// tunnel counts a stream that becomes a tunnel, or ends as one.
func (k *conn) tunnel(n int32) { k.serves(-n) }

// isLeaving reports whether clients are to leave although requests are served. A
// connection that begins meanwhile serves a request first: a client that gets GOAWAY
// before it has sent one tries again on another connection, and would never get there.
func (k *conn) isLeaving() bool { return k.s.p.Departing() || k.c.Listener().Leaving() }

// drain makes the connection end once its streams have: it sends GOAWAY, and
// another one, which names the last stream that is served, a moment later.
func (k *conn) drain(stop bool) {
	if k.draining.Swap(true) {
		k.wire.look() // everything may stop now
		return
	}
	k.restedBy.Store(int64(netloop.Now()) - int64(k.s.restTime))
	wait := drainTime
	if stop {
		wait = stopTime
	}
	k.wire.say(goAway(everyStream, codeNone), false)
	time.AfterFunc(wait, k.shutDown)
}

// shutDown has net/http send GOAWAY. It waits for nothing.
func (k *conn) shutDown() {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_ = k.srv.Shutdown(ctx)
	k.last.Store(true)
	k.wire.look()
}
