package proxy

import "github.com/ldcorn/ldcorn/engine/netloop"

// A client that has closed its connection looks like one that has only ended its
// stream, until something is sent to it: a client that is gone answers with a reset.
// So a probe is sent that does no harm to either.

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

// Unwatch ends the watch. What follows a probe of a body is correct with the probe
// and without it.
func (c *http1Client) Unwatch(t netloop.Task) {
	n := t.Watch(nil, nil)
	if !c.begun {
		c.probed += n
	}
}

// probeBody returns the probe for the body of an answer. It is called before the
// head is written.
//
// Only a chunked body has a probe. A client whose body has a length, or ends with
// the connection, can be sent nothing else. Such a client is taken for gone if it
// ends its stream after the head was sent, unless it was still sending its own body,
// which it will end. A client that had ended its stream before can wait for its
// answer; if it is gone, it answers the head with a reset.
func (c *http1Client) probeBody() []byte {
	switch {
	case c.kind == BodyStream && !c.raw:
		return probeChunk
	case !c.body.whole.Load() || c.c.Ended():
		return probeNone
	}
	return nil
}
