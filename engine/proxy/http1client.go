package proxy

import (
	"net/netip"
	"sync/atomic"

	"github.com/ldcorn/ldcorn/engine/http1"
	"github.com/ldcorn/ldcorn/engine/netloop"
	"github.com/ldcorn/ldcorn/engine/tlslayer"
)

// An http1Client is a connection that speaks HTTP/1 while it is served, and the
// Client of its requests, which come one after the other. It is used again for
// other connections.
type http1Client struct {
	p       *Proxy
	t       netloop.Task
	c       netloop.Conn
	snap    *Snapshot
	request *Request

	in      readBuffer // a head, what follows it, and the next heads
	read    bool       // c has been read in this call of Serve
	head    http1.Request
	headLen int
	ownHost []byte // backs the host of a head that names none

	body http1Body

	// The answer.
	out       []byte   // a head or a chunk that is being composed
	kind      BodyKind // of the answer
	keep      bool     // the connection can serve another request
	begun     bool     // some of the final answer was sent
	raw       bool     // the end of the answer is that of the connection
	linger    bool     // the connection is to end slowly
	asked     bool     // 100 Continue was sent
	probed    int      // bytes of the next message that a probe has sent already
	bodyProbe []byte   // see Watch
	sent      int64
	verdict   netloop.Verdict // of a tunnel
}

func newHTTP1Client(p *Proxy) *http1Client {
	c := &http1Client{p: p}
	c.body.c = c
	c.request = p.NewRequest(c)
	return c
}

// begin makes the client fit for the request that was read.
func (c *http1Client) begin() {
	c.keep, c.begun, c.raw, c.linger, c.asked = c.head.KeepAlive, false, false, false, false
	c.sent, c.out, c.bodyProbe = 0, c.out[:0], nil
	c.body.begin()
}

// reset makes the client fit for another connection.
func (c *http1Client) reset() {
	c.request.Reset()
	c.t, c.c, c.snap = nil, nil, nil
	c.in.reset()
	c.head.Reset()
	c.read, c.probed = false, 0
	c.bodyProbe, c.verdict = nil, netloop.Verdict{}
	c.body.reset()
	if cap(c.out) > maxOut {
		c.out = nil
	}
}

// Peer returns the client's end of the connection.
func (c *http1Client) Peer() netip.Addr { return c.c.Peer().Addr() }

// Port returns the port that the client has connected to.
func (c *http1Client) Port() string { return c.c.Port() }

// Anonymous reports whether the peer passes on bytes of a client that it does not name.
func (c *http1Client) Anonymous() bool { return c.c.Anonymous() }

// Listener returns the listener.
func (c *http1Client) Listener() *netloop.Listener { return c.c.Listener() }

// Session returns the TLS session, or nil.
func (c *http1Client) Session() *tlslayer.Session { return tlslayer.SessionOf(c.c) }

// An http1Body is the body of the request at hand.
type http1Body struct {
	c       *http1Client
	chunked http1.Chunked
	used    int    // bytes behind the head that belong to the body, with its framing
	first   []byte // the data in them
	left    int64  // bytes still to come of a body of known length
	err     error
	whole   atomic.Bool // all of it has been read; set by the task that reads it
	behind  readBuffer  // what was read behind the end of a chunked body
}

// begin takes the part of the body that came with the head.
func (b *http1Body) begin() {
	c := b.c
	b.used, b.left, b.first, b.err = 0, 0, nil, nil
	came := c.in.bytes()[c.headLen:]
	whole := true
	switch h := &c.head; {
	case h.Streamed:
		b.chunked.Reset()
		b.first, b.used, whole, b.err = b.decode(c.t, came)
	case h.ContentLength > 0:
		b.used = int(min(int64(len(came)), h.ContentLength))
		b.left = h.ContentLength - int64(b.used)
		b.first, whole = came[:b.used], b.left == 0
	}
	b.whole.Store(whole)
}

// decode decodes what src holds of a chunked body, in its place.
func (b *http1Body) decode(t netloop.Task, src []byte) (part []byte, n int, whole bool, err error) {
	before := b.chunked.Count()
	part, n, whole, fault := decodeChunks(&b.chunked, src)
	t.Spend(b.chunked.Count() - before)
	if fault != nil {
		return nil, n, false, &BodyError{Status: fault.Status, Reason: fault.Reason}
	}
	return part, n, whole, nil
}

// refuse makes the body that of a request which has none: its head was refused.
func (b *http1Body) refuse() {
	b.used, b.left, b.first, b.err = 0, 0, nil, nil
	b.whole.Store(true)
}

// finish drops the request from what was read of the client, so that the
// next head comes first.
func (b *http1Body) finish() {
	b.c.in.consume(b.c.headLen + b.used)
	b.c.in.add(b.behind.bytes())
	b.c.p.putBody(&b.behind)
}

// reset makes the body fit for another connection.
func (b *http1Body) reset() {
	b.c.p.putBody(&b.behind)
	b.first, b.err = nil, nil
}
