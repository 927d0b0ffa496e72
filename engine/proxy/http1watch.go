package proxy

import "github.com/ldcorn/ldcorn/engine/netloop"

// A client that closes looks like one that has only ended its stream, until
// something is sent to it: the one that is gone answers with a reset. So
// something must be sent that neither can take amiss.

var (
	// probeHead is how every message to a client begins, whatever it turns
	// out to be.
	probeHead = []byte("HTTP/1.1 ")
	// probeChunk lengthens the next chunk's size, or that of the last chunk,
	// by a leading zero (RFC 9112 section 7.1: any number of digits).
	probeChunk = []byte("0")
	// probeNone leaves it at connections that are known to be broken. It is
	// for those of which the end of the stream says nothing more.
	probeNone = []byte{}
)

// Watch makes every wait of t end with netloop.ErrGone once the client is gone.
func (c *http1Client) Watch(t netloop.Task) {
	probe := c.bodyProbe
	if !c.begun {
		probe = probeHead
		if c.probed > 0 {
			probe = probeNone
		}
	}
	t.Watch(c.c, probe)
}

// Unwatch ends the watch. A probe of a body needs no regard: what follows it is
// right with it and without it.
func (c *http1Client) Unwatch(t netloop.Task) {
	n := t.Watch(nil, nil)
	if !c.begun {
		c.probed += n
	}
}

// probeBody returns the probe for the body of an answer. It is called before
// the head is written. That of a chunked body is always at hand. To the client
// of another one nothing can be sent but the body, because it has a length or
// its end is that of the connection.
//
// For those there is no probe: a client that ends its stream after the head has
// been sent is gone. One that has ended it before may wait for its answer; the
// head tells, since one that is gone answers it with a reset. So may one that is
// still sending a body, which it will end.
func (c *http1Client) probeBody() []byte {
	switch {
	case c.kind == BodyStream && !c.raw:
		return probeChunk
	case !c.body.whole.Load() || c.c.Ended():
		return probeNone
	}
	return nil
}
