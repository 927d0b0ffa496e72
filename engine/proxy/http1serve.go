package proxy

import (
	"bytes"

	"github.com/ldcorn/ldcorn/engine/head"
	"github.com/ldcorn/ldcorn/engine/netloop"
)

// Serve serves the requests that conn has to offer, until it is at rest.
func (p *Proxy) Serve(t netloop.Task, conn netloop.Conn) (v netloop.Verdict) {
	c := p.clients.Get().(*http1Client)
	c.t, c.c = t, conn
	whole := false
	defer func() {
		if !whole { // a panic is on its way to the driver
			c.request.Abandon()
		}
	}()
	v = c.serve()
	whole = true
	c.reset()
	p.clients.Put(c)
	return v
}

// serve reads heads and answers them, one after the other.
func (c *http1Client) serve() netloop.Verdict {
	c.in.fill(c.c.Stash())
	until := c.c.Until() // of a head that came in parts: its limit
	if c.in.len() == 0 {
		until = 0
	}
	if c.c.Expired() {
		c.snap = c.p.Snapshot()
		return c.refuse(errHeadTimeout)
	}
	for {
		v, ok := c.readHead(until)
		if !ok {
			return v
		}
		until = 0
		if v, ok = c.answerRequest(); !ok {
			return v
		}
		if c.t.Stopping() {
			if c.in.len() > 0 {
				return netloop.Verdict{Op: netloop.Linger}
			}
			return netloop.Verdict{}
		}
	}
}

// ending reports whether the answer is to say that the connection ends:
// everything stops or is about to, or a reload has closed its listener. In the latter
// two cases a connection ends only when its client has been told.
func (c *http1Client) ending() bool {
	return c.t.Stopping() || c.p.departing.Load() || c.c.Listener().Leaving()
}

// answerRequest serves the request whose head is c.head. It reports true when
// the connection is ready for the next one.
func (c *http1Client) answerRequest() (netloop.Verdict, bool) {
	c.begin()
	switch c.request.Serve(c.t, c.snap, &c.head.Request) {
	case Tunneled:
		return c.verdict, false
	case Cut:
		return c.cutOff(), false
	}
	// Whatever comes after a body that has not been read whole is not a head, but
	// the rest of that body.
	if !c.keep || !c.body.whole.Load() {
		return c.hangUp(), false
	}
	c.body.finish()
	return netloop.Verdict{}, true
}

// refuse answers a head that is not acceptable, and closes.
func (c *http1Client) refuse(err *head.Error) netloop.Verdict {
	c.keep, c.begun, c.raw, c.bodyProbe = false, false, false, nil
	c.body.refuse()
	if kind := foreign(c.in.bytes(), c.Session() != nil); kind != foreignNone {
		err = foreignErrors[kind]
		if d, ok := c.c.Listener().Owner.(*door); ok {
			d.foreign.note(kind, c.Peer())
		}
	}
	line, _, _ := bytes.Cut(c.in.bytes(), crlf)
	c.request.Refuse(c.t, c.snap, &c.head.Request, err, line, jsonFirst(acceptOf(c.in.bytes())))
	if c.request.Gone() {
		return c.cutOff()
	}
	return netloop.Verdict{Op: netloop.Linger}
}

var crlf = []byte("\r\n")

// cutOff closes the client's connection after an answer that was not completed. If
// the end of the answer is that of the stream, it resets the connection, so that the
// answer does not look complete. It also resets the connection of a client that reads
// nothing: after a plain close, the system would keep megabytes for it for minutes.
func (c *http1Client) cutOff() netloop.Verdict {
	if c.request.Stalled() || c.begun && c.raw {
		return netloop.Verdict{Op: netloop.Reset}
	}
	return netloop.Verdict{}
}

// hangUp closes the client's connection after a complete answer. A client that is
// still sending must be allowed to finish, or it could lose the answer.
func (c *http1Client) hangUp() netloop.Verdict {
	if c.linger || !c.body.whole.Load() || c.in.len() > c.headLen+c.body.used || c.body.behind.len() > 0 {
		return netloop.Verdict{Op: netloop.Linger}
	}
	return netloop.Verdict{}
}

// maxStash is how much of an unfinished head a resting connection keeps on
// its own; one with more holds its task until the head is complete.
const maxStash = 4 << 10

// readHead reads until c.head is parsed. It reports false with a verdict when
// there is no request to answer now: the connection rests, is over, or was
// refused. until is the limit of a head that has begun before.
func (c *http1Client) readHead(until netloop.Time) (netloop.Verdict, bool) {
	c.snap = c.p.Snapshot()
	c.head.Reset()
	for {
		if c.in.len() > 0 {
			n, err := c.head.Parse(c.in.bytes(), &c.snap.limits)
			if err != nil {
				return c.refuse(err), false
			}
			if n > 0 {
				c.headLen = n
				c.nameHost()
				if c.head.OddNames {
					c.p.NoteDropped(c.head.Fields)
				}
				return netloop.Verdict{}, true
			}
		}
		if v, ok := c.readMore(&until); !ok {
			return v, false
		}
	}
}

// readMore reads some more of a head. If nothing is there yet, the connection rests.
// It waits here only for the rest of a large head.
func (c *http1Client) readMore(until *netloop.Time) (netloop.Verdict, bool) {
	n, err := 0, netloop.ErrAgain
	switch {
	case c.in.len() > maxStash:
		c.t.SetDeadline(c.headLimit(until))
		n, err = c.c.Read(c.t, c.in.room(), 0)
		c.t.SetDeadline(0)
	case !c.read: // what comes after the first read is not there yet
		n, err = c.c.TryRead(c.t, c.in.room())
	}
	c.in.grew(n)
	c.read = true
	switch {
	case n > 0:
		return netloop.Verdict{}, true
	case err == netloop.ErrAgain && c.in.len() > 0:
		// The http1Client and its buffer serve another connection from now on.
		stash := bytes.Clone(c.in.bytes())
		return netloop.Verdict{Op: netloop.Rest, Until: c.headLimit(until), Stash: stash}, false
	case err == netloop.ErrAgain:
		return netloop.Verdict{Op: netloop.Rest, Until: c.t.Now().Add(c.snap.Plan.IdleTimeout)}, false
	case err == netloop.ErrTimeout:
		return c.refuse(errHeadTimeout), false
	}
	return netloop.Verdict{}, false
}

// headLimit is when the head must be complete: header_timeout after its first
// byte.
func (c *http1Client) headLimit(until *netloop.Time) netloop.Time {
	if *until == 0 {
		*until = c.t.Now().Add(c.snap.Plan.HeaderTimeout)
	}
	return *until
}

// errHeadTimeout is for a head that took longer than header_timeout.
var errHeadTimeout = &head.Error{Status: 408, Reason: "the request head did not arrive in time"}

// acceptOf finds the value of Accept in what has come of a head that was
// refused, or nil. It takes lines as they are: what it finds decides the form of
// an error answer and nothing else.
func acceptOf(raw []byte) []byte {
	_, rest, _ := bytes.Cut(bytes.TrimLeft(raw, "\r\n"), crlf[1:])
	for {
		line, more, whole := bytes.Cut(rest, crlf[1:])
		if line = bytes.TrimRight(line, "\r"); !whole || len(line) == 0 {
			return nil
		}
		name, value, _ := bytes.Cut(line, []byte(":"))
		if head.EqualFold(bytes.TrimSpace(name), "accept") {
			return value
		}
		rest = more
	}
}
