package proxyheader

import (
	"errors"
	"io"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/ldcorn/ldcorn/engine/netloop"
)

// Options configure layers. The functions must be safe to call from any goroutine, and
// must not wait.
type Options struct {
	// Trusts reports whether a peer may name its clients. The peer is the zero Addr on
	// a unix socket.
	Trusts func(peer netip.Addr) bool
	// Timeout returns how long a header may take from its first byte; 0 = no limit.
	Timeout func() time.Duration
	// Next returns the layer that follows, as netloop.Listener.Layer does; nil = none.
	Next func(c netloop.Conn, wake func()) netloop.Layer
	// Refused is called for each connection that has sent something other than a good
	// header in time, with one of the errors of this package or what is wrong with the
	// header; nil = nobody asks.
	Refused func(peer netip.Addr, why error)
}

var errEarly = errors.New("the PROXY protocol header has not come yet")

// A layer reads the header of a connection.
type layer struct {
	opts *Options
	conn netloop.Conn
	wake func()

	header header
	timer  *time.Timer // nil = not started
	late   atomic.Bool // the timer has fired
	err    error       // what Feed returns from now on
	done   bool
	origin netloop.Origin
	plain  []byte // what follows the header and was not read
}

var _ netloop.Opening = (*layer)(nil)

// New returns a function for netloop.Listener.Layer. The connections must begin with a
// header.
func New(opts Options) func(c netloop.Conn, wake func()) netloop.Layer {
	return func(c netloop.Conn, wake func()) netloop.Layer {
		return &layer{opts: &opts, conn: c, wake: wake}
	}
}

// Feed implements netloop.Layer.
func (l *layer) Feed(p []byte) error {
	switch {
	case l.err != nil:
		return l.err
	case l.done:
		l.plain = append(l.plain, p...)
		return nil
	case l.late.Load():
		return l.refuse(ErrLate)
	case len(p) == 0:
		return nil
	case len(l.header.b) == 0 && !l.opts.Trusts(l.conn.Peer().Addr()):
		return l.refuse(ErrUntrusted)
	}
	n, whole, err := l.header.take(p)
	if err != nil {
		return l.refuse(err)
	}
	if !whole {
		l.limit()
		return nil
	}
	l.stop()
	if l.origin, err = l.header.parse(); err != nil {
		return l.refuse(err)
	}
	l.done, l.header.b = true, nil
	l.plain = append(l.plain, p[n:]...)
	return nil
}

// limit starts the timer.
func (l *layer) limit() {
	if l.timer != nil {
		return
	}
	if d := l.opts.Timeout(); d > 0 {
		l.timer = time.AfterFunc(d, func() {
			l.late.Store(true)
			l.wake()
		})
	}
}

func (l *layer) stop() {
	if l.timer != nil {
		l.timer.Stop()
	}
}

func (l *layer) refuse(why error) error {
	l.err = why
	l.stop()
	if l.opts.Refused != nil {
		l.opts.Refused(l.conn.Peer().Addr(), why)
	}
	return why
}

// FeedEnd implements netloop.Layer. A connection without a byte is how load balancers
// check whether somebody listens.
func (l *layer) FeedEnd() error {
	if l.done || len(l.header.b) == 0 {
		return io.EOF
	}
	return l.refuse(ErrTruncated)
}

// Buffered implements netloop.Layer.
func (l *layer) Buffered() int { return len(l.plain) }

// Read implements netloop.Layer.
func (l *layer) Read(p []byte) int {
	n := copy(p, l.plain)
	if l.plain = l.plain[n:]; len(l.plain) == 0 {
		l.plain = nil
	}
	return n
}

// Seal implements netloop.Layer.
func (l *layer) Seal(dst, p []byte) ([]byte, error) {
	if !l.done && len(p) > 0 {
		return dst, errEarly
	}
	return append(dst, p...), nil
}

// End implements netloop.Layer.
func (l *layer) End(dst []byte) []byte { return dst }

// Close implements netloop.Layer.
func (l *layer) Close() { l.stop() }

// Done implements netloop.Opening.
func (l *layer) Done() bool { return l.done }

// Origin implements netloop.Opening.
func (l *layer) Origin() netloop.Origin { return l.origin }

// Next implements netloop.Opening.
func (l *layer) Next() netloop.Layer {
	if l.opts.Next == nil {
		return nil
	}
	return l.opts.Next(l.conn, l.wake)
}
