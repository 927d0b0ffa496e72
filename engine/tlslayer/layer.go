package tlslayer

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"time"

	"github.com/ldcorn/ldcorn/engine/netloop"
)

// Options configure layers. Observe and Timeout can be nil.
type Options struct {
	// Config returns the configuration of a handshake that begins. It must be safe
	// to call from any goroutine, and must not wait. The functions in the
	// configuration run in the goroutine of the handshake, and can use the
	// context of their ClientHelloInfo, which ends with the connection.
	Config     func() *tls.Config
	Handshakes *Handshakes
	// Timeout returns how long a handshake may take from its first byte, 0 = no
	// limit. It must be safe to call from any goroutine, and must not wait.
	Timeout func() time.Duration
	// Observe gets the result of each handshake that a client has begun, from any
	// goroutine. It must not wait.
	Observe func(Result)
}

// A Result is the result of a handshake.
type Result struct {
	Session *Session // nil if it has failed
	Err     error    // ErrGone if the client has left, ErrLate if it took too long
	Peer    netip.Addr
}

// Outcome returns the result in a word: "full" or "resumed", or "gone" if the client
// has left, "late" if the handshake took too long, "crowded" if it had to make room for
// another one, "not_tls" if the client speaks something else, and otherwise "failed".
func (r Result) Outcome() string {
	switch {
	case r.Session != nil && r.Session.Resumed:
		return "resumed"
	case r.Session != nil:
		return "full"
	case errors.Is(r.Err, ErrGone):
		return "gone"
	case errors.Is(r.Err, ErrLate):
		return "late"
	case errors.Is(r.Err, ErrCrowded):
		return "crowded"
	case errors.Is(r.Err, ErrNotTLS), errors.Is(r.Err, ErrPlainHTTP):
		return "not_tls"
	}
	return "failed"
}

// ProtocolACME is the protocol of a handshake in which an issuer checks that a
// name belongs to this server (RFC 8737). A connection with it ends with the
// handshake.
const ProtocolACME = "acme-tls/1"

// maxUnsent is from how many unsent bytes a client that makes the layer answer, for
// example with updates of keys, is refused. It is more than a driver has otherwise.
const maxUnsent = 256 << 10

var (
	errTruncated = fmt.Errorf("the client closed the connection without a close_notify alert: %w", io.ErrUnexpectedEOF)
	errEarly     = errors.New("the TLS handshake is not over")
	errUnsent    = errors.New("the client makes the TLS layer answer and does not read the answers")
)

// A Layer is the server's side of TLS on a connection.
type Layer struct {
	wire    wire
	conn    *tls.Conn // nil before the end of the handshake
	session *Session  // likewise
	part    *buffer   // the beginning of a record; nil = none
	plain   *buffer   // opened and not read; nil = none
	err     error     // what Feed returns from now on
}

var _ netloop.Layer = (*Layer)(nil)

// New returns a function for netloop.Listener.Layer.
func New(opts Options) func(c netloop.Conn, wake func()) netloop.Layer {
	return func(c netloop.Conn, wake func()) netloop.Layer {
		l := &Layer{wire: wire{peer: c.Peer()}}
		l.wire.handshake = &handshake{opts: &opts, wire: &l.wire, wake: wake, limit: maxHello}
		return l
	}
}

// SessionOf returns the session of a connection, or nil if it has no TLS or its
// handshake is not over.
func SessionOf(c netloop.Conn) *Session {
	if l, ok := c.Layer().(*Layer); ok {
		return l.session
	}
	return nil
}

// Session returns what the handshake has agreed on, or nil before its end.
func (l *Layer) Session() *Session { return l.session }

// Feed implements netloop.Layer.
func (l *Layer) Feed(p []byte) error {
	if h := l.wire.handshake; h != nil && l.err == nil {
		switch stage, err := h.feed(p); {
		case err != nil:
			h.end(err)
			l.err = err
		case stage == computing:
			return netloop.ErrAgain
		case stage == over:
			return l.begin(h)
		}
		return l.err
	}
	for len(p) > 0 && l.err == nil {
		p = l.open(p)
	}
	return l.err
}

// begin begins to open records, after a handshake that has succeeded.
func (l *Layer) begin(h *handshake) error {
	l.conn, l.session = h.conn, h.session
	l.wire.handshake, l.wire.tag, l.wire.out = nil, nil, h.out
	if l.session.Protocol == ProtocolACME {
		l.err = io.EOF
	}
	return l.Feed(h.in)
}

// open takes a record or a part of one from p, and returns the rest.
func (l *Layer) open(p []byte) []byte {
	if l.part == nil {
		if n := recordLen(p); n > 0 {
			l.openRecord(p[:n])
			return p[n:]
		}
		l.part = newBuffer(len(p)) // it grows with what has come, not with what is claimed
		l.part.b = append(l.part.b, p...)
		return nil
	}
	n := min(missing(l.part.b), len(p))
	l.part = l.part.with(n)
	l.part.b = append(l.part.b, p[:n]...)
	if m := recordLen(l.part.b); m > 0 {
		whole := l.part
		l.part = nil
		l.openRecord(whole.b[:m])
		whole.free()
	}
	return p[n:]
}

// openRecord opens a whole record. What crypto/tls makes of it fits into a buffer
// of its length.
func (l *Layer) openRecord(record []byte) {
	l.plain = l.plain.with(len(record))
	l.wire.in = record
	room := l.plain.b[len(l.plain.b):cap(l.plain.b)]
	n, err := l.conn.Read(room)
	l.plain.b = l.plain.b[:len(l.plain.b)+n]
	l.wire.in = nil
	switch {
	case err == nil || err == errEmpty:
	case err == io.EOF: // close_notify
		l.err = io.EOF
	default:
		l.err = fmt.Errorf("TLS: %w", err)
	}
	l.dropEmpty()
}

func (l *Layer) dropEmpty() {
	if l.plain != nil && l.plain.len() == 0 {
		l.plain.free()
		l.plain = nil
	}
}

// FeedEnd implements netloop.Layer. A stream ends with a close_notify alert. Without
// one, somebody on the way may have cut it (RFC 8446, section 6.1).
func (l *Layer) FeedEnd() error {
	h := l.wire.handshake
	switch {
	case h == nil:
		l.err = errTruncated
	case h.begun():
		h.end(ErrGone)
		l.err = ErrGone
	default:
		l.err = io.EOF
	}
	return l.err
}

// Buffered implements netloop.Layer.
func (l *Layer) Buffered() int { return l.plain.len() }

// Read implements netloop.Layer.
func (l *Layer) Read(p []byte) int {
	if l.plain == nil {
		return 0
	}
	n := copy(p, l.plain.b[l.plain.off:])
	l.plain.off += n
	l.dropEmpty()
	return n
}

// Seal implements netloop.Layer.
func (l *Layer) Seal(dst, p []byte) ([]byte, error) {
	if h := l.wire.handshake; h != nil {
		dst = h.take(dst)
		if len(p) > 0 {
			return dst, errEarly
		}
		return dst, nil
	}
	dst = l.takeOwn(dst)
	if len(p) == 0 {
		return dst, nil
	}
	l.wire.out = dst
	_, err := l.conn.Write(p)
	dst, l.wire.out = l.wire.out, nil
	return dst, err
}

// takeOwn appends what the layer sends on its own.
func (l *Layer) takeOwn(dst []byte) []byte {
	if len(l.wire.out) == 0 {
		return dst
	}
	dst = append(dst, l.wire.out...)
	l.wire.out = nil
	if len(dst) > maxUnsent && l.err == nil {
		l.err = errUnsent
	}
	return dst
}

// End implements netloop.Layer.
func (l *Layer) End(dst []byte) []byte {
	if h := l.wire.handshake; h != nil {
		return h.take(dst)
	}
	dst = l.takeOwn(dst)
	l.wire.out = dst
	_ = l.conn.CloseWrite() // writes to memory
	dst, l.wire.out = l.wire.out, nil
	return dst
}

// Close implements netloop.Layer.
func (l *Layer) Close() {
	if h := l.wire.handshake; h != nil {
		h.end(ErrGone)
		return
	}
	l.part.free()
	l.plain.free()
	l.part, l.plain, l.conn = nil, nil, nil
}
