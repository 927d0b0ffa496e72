package netloop

import (
	"io"
	"net"
	"net/netip"
	"os"
	"strconv"
	"syscall"
)

// A Layer stands between the socket of a client's connection and the code that
// serves the connection. It turns the bytes of the socket, the wire bytes, into
// the bytes that the code reads, the plain bytes, and back. For example, it can
// remove the header that a proxy adds in front, or open and seal TLS records.
//
// The driver does all input and output. It feeds wire bytes to the layer, reads
// plain bytes from it, and writes the wire bytes that the layer makes. It feeds
// at most 64 KiB at a time, and only while no plain bytes are buffered. A layer
// never waits. The driver calls its methods one at a time, and a layer must not
// keep the arguments of a call.
//
// Work that would hold up an event loop, such as a handshake, belongs in a
// goroutine that the layer starts. Meanwhile Feed returns ErrAgain. When the work
// is done, the layer calls wake (see Listener.Layer).
type Layer interface {
	// Feed takes all of p, which has come from the socket. An empty p asks
	// whether there is news. Feed returns
	//
	//   - nil if it can take more,
	//   - ErrAgain if it must not be fed before it calls wake,
	//   - io.EOF if the peer has ended its stream by means of the layer,
	//   - any other error if the connection is broken.
	//
	// A reader gets io.EOF or the error after the buffered plain bytes, and the
	// driver does not call Feed again.
	Feed(p []byte) error
	// FeedEnd reports that the stream of the socket has ended. It returns io.EOF
	// if the stream may end here, and otherwise the reason why the connection is
	// broken. The driver calls it at most once, and not after Feed has failed.
	FeedEnd() error
	// Buffered returns how many plain bytes Read can give.
	Buffered() int
	// Read moves plain bytes to p and returns their number.
	Read(p []byte) int
	// Seal appends wire bytes to dst: first those that the layer sends on its
	// own, such as its part of a handshake, and then those for the plain bytes
	// p. The driver calls it with an empty p after each Feed. If Seal cannot
	// take p, for example before the end of a handshake, it appends only the
	// first kind and fails.
	Seal(dst, p []byte) ([]byte, error)
	// End appends to dst the wire bytes that tell the peer that our stream ends.
	// The driver calls it at most once, and does not call Seal afterwards.
	End(dst []byte) []byte
	// Close reports that the connection is closed. The driver calls no method
	// afterwards.
	Close()
}

// An Opening is a Layer that works only at the beginning of a connection. For
// example, it reads the header that a proxy adds in front.
type Opening interface {
	Layer
	// Done reports whether the work of the opening is over. It then stays over, and
	// the opening passes all bytes on as they are. The driver asks after each Feed
	// that returned nil.
	Done() bool
	// Origin returns what the opening has learnt about the connection. The driver
	// asks once, after Done.
	Origin() Origin
	// Next returns the layer that takes the place of the opening, or nil for none.
	// The driver calls it once, after Origin, and closes the opening. The plain
	// bytes of the opening are the wire bytes of the next layer. Without a next
	// layer, the driver can also take the opening away later.
	Next() Layer
}

// An Origin says where a connection comes from, for a connection that a proxy
// passes on. The zero Origin says that the proxy itself is the client.
type Origin struct {
	Peer      netip.AddrPort // the client
	Local     netip.AddrPort // the address that the client has connected to
	Anonymous bool           // the proxy has another client, but does not say which; Peer and Local are not valid
}

// An origin is an Origin as a connection keeps it. A nil one is the zero Origin.
type origin struct {
	Origin
	port string // of Local
}

// names reports whether the origin says who the client is.
func (o *origin) names() bool { return o != nil && o.Peer.IsValid() }

func newOrigin(o Origin) *origin { return &origin{o, strconv.Itoa(int(o.Local.Port()))} }

const (
	sealAtOnce  = 64 << 10 // unsent wire bytes from which no more are sealed
	pullsAtOnce = 4        // reads of a socket in a row that can give no plain bytes
)

// A lining is a Layer in its place under a connection. The goroutine driver
// does not use the fields marked "epoll".
type lining struct {
	layer  Layer
	opens  Opening       // the layer, if it is an Opening that is not done; nil = it is not
	passes bool          // the layer is an Opening that is done, without a next layer
	named  func(*origin) // records what the Opening has learnt
	out    []byte        // wire bytes to send
	sent   int           // bytes of out that were written
	came   error         // what follows the buffered plain bytes: io.EOF, or why the connection is broken; nil = more can come
	broken bool          // came is an error other than io.EOF
	busy   bool          // the layer must not be fed before it has news
	opened bool          // plain bytes were read
	ended  bool          // End was called or must not be called
	closed bool
	more   bool // epoll: the socket can have bytes to read
	pulled int  // epoll: bytes that the last read took from the socket
	told   bool // epoll: the watching task was told about came
	shut   bool // epoll: the stream of the socket ends after out is written
}

// put puts the first layer in its place. named is called if the layer learns the
// origin of the connection.
func (l *lining) put(layer Layer, named func(*origin)) {
	l.layer, l.named = layer, named
	l.opens, _ = layer.(Opening)
}

// open replaces an opening that is done.
func (l *lining) open() {
	o := l.opens
	if o == nil || !o.Done() {
		return
	}
	l.opens = nil
	if from := o.Origin(); from != (Origin{}) {
		l.named(newOrigin(from))
	}
	l.layer = o.Next()
	if l.layer == nil {
		l.layer, l.passes = o, true
		return
	}
	rest := make([]byte, o.Buffered())
	rest = rest[:o.Read(rest)]
	o.Close()
	l.feed(rest)
}

// feed feeds p to the layer. An empty p asks for news.
func (l *lining) feed(p []byte) {
	if l.came != nil || l.closed {
		return
	}
	err := l.layer.Feed(p)
	if l.busy = err == ErrAgain; l.busy {
		err = nil
	}
	l.fed(err)
	if err == nil && !l.busy {
		l.open()
	}
}

// feedEnd tells the layer that the stream of the socket has ended.
func (l *lining) feedEnd() {
	if l.came != nil || l.closed {
		return
	}
	err := l.layer.FeedEnd()
	if err == nil {
		err = io.EOF
	}
	l.fed(err)
}

// fail records that the socket is broken.
func (l *lining) fail(err error) {
	if l.came == nil {
		l.came, l.broken = err, true
	}
}

func (l *lining) fed(err error) {
	l.came = err
	l.broken = err != nil && err != io.EOF
	if !l.ended {
		l.out, _ = l.layer.Seal(l.out, nil)
	}
}

// ready reports whether a read returns without waiting, with bytes or with an
// error.
func (l *lining) ready() bool { return l.came != nil || !l.closed && l.layer.Buffered() > 0 }

// take reads plain bytes, or the error that follows them. It returns ErrAgain if
// there is neither.
func (l *lining) take(p []byte) (int, error) {
	if l.closed {
		return 0, net.ErrClosed
	}
	if n := l.layer.Read(p); n > 0 {
		l.opened = true
		return n, nil
	}
	if l.came != nil {
		return 0, l.came
	}
	return 0, ErrAgain
}

// seal seals a and then b, but stops once sealAtOnce bytes are unsent. It
// returns how many bytes it sealed.
func (l *lining) seal(a, b []byte) (n int, err error) {
	for _, p := range [...][]byte{a, b} {
		for len(p) > 0 && len(l.unsent()) < sealAtOnce {
			if l.closed {
				return n, net.ErrClosed
			}
			if l.ended {
				return n, os.NewSyscallError("write", syscall.EPIPE)
			}
			part := p[:min(len(p), sealAtOnce)]
			if l.out, err = l.layer.Seal(l.out, part); err != nil {
				return n, err
			}
			n += len(part)
			p = p[len(part):]
		}
		if len(p) > 0 {
			break
		}
	}
	return n, nil
}

// end ends our stream. It does not tell a peer whose connection is broken.
func (l *lining) end() {
	if l.ended || l.closed {
		return
	}
	l.ended = true
	if !l.broken {
		l.out = l.layer.End(l.out)
	}
}

func (l *lining) close() {
	if !l.closed {
		l.closed = true
		l.layer.Close()
	}
}

// unsent returns the wire bytes that have not been written yet.
func (l *lining) unsent() []byte { return l.out[l.sent:] }

// wrote records that n of the unsent bytes were written.
func (l *lining) wrote(n int) {
	if l.sent += n; l.sent == len(l.out) {
		l.out, l.sent = l.out[:0], 0
	}
}

// trim drops the unsent bytes and their buffer.
func (l *lining) trim() { l.out, l.sent = nil, 0 }
