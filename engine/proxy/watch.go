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

// watchClient makes every wait end with netloop.ErrGone once the client is
// gone. Nothing may be written to the client before unwatchClient.
func (x *exchange) watchClient() {
	probe := probeHead
	if x.probed > 0 {
		probe = probeNone
	}
	x.t.Watch(x.c, probe)
}

// unwatchClient ends the watch.
func (x *exchange) unwatchClient() { x.probed += x.t.Watch(nil, nil) }

// probeBody returns the probe for the body of an answer to whose client
// nothing can be sent but the body, because it has a length or its end is that
// of the connection. It is called before the head is written.
//
// There is none: a client that ends its stream after the head has been sent is
// gone. One that has ended it before may wait for its answer; the head tells,
// since one that is gone answers it with a reset. So may one that is still
// sending a body, which it will end.
func (x *exchange) probeBody() []byte {
	if x.upload.sentAt.Load() == 0 || x.c.Ended() {
		return probeNone
	}
	return nil
}

// readBackWatching is readBack with an eye on the client, which has been sent
// the beginning of the answer.
func (x *exchange) readBackWatching(probe []byte) error {
	x.t.Watch(x.c, probe)
	err := x.readBack()
	x.t.Watch(nil, nil)
	return err
}

// write writes to the client, where a is the beginning of a message and not
// empty, or all of it that was not yet sent, and b follows it.
func (x *exchange) write(a, b []byte) error {
	if x.gone {
		return errClientGone
	}
	x.rec.Sent += int64(len(a) + len(b))
	n := min(x.probed, len(a))
	x.probed -= n
	if _, err := x.c.Write(x.t, a[n:], b, x.p.stall); err != nil {
		x.gone, x.stalled = true, err == netloop.ErrTimeout
		if err == netloop.ErrStopped {
			return err
		}
		return errClientGone
	}
	return nil
}
