package netloop

import (
	"io"
	"net"
	"os"
	"syscall"
)

// A Layer stands between the socket of a client's connection and the code that
// serves it. It turns the bytes of the one into those of the other: it takes
// off a header that a proxy has put before them, or opens and seals records of
// TLS. What goes over the socket is called sealed here, and the rest open.
//
// The driver owns the socket. It feeds the layer what comes, takes what the
// layer has opened, and writes what it has sealed. It feeds no more, and some
// 64 KiB at the most, before what is open has been read. A layer reads and
// writes nothing itself, and does not wait. Its methods are called one at a
// time, and no goroutine that the layer has started may make use of their
// arguments after they have returned.
//
// Work that would keep an event loop for long, such as that of a handshake, is
// for a goroutine of the layer's own. Feed returns ErrAgain meanwhile, and the
// layer calls wake (see Listener.Layer) when there is news.
type Layer interface {
	// Feed takes what has come from the socket: all of it, but it does not keep
	// p. An empty p asks whether there is news. ErrAgain says that the layer is
	// to be fed no more before it calls wake. io.EOF says that the peer has
	// ended its stream in a way of the layer's own; any other error says that
	// the connection is broken. Whoever reads gets the error behind what was
	// opened before, and Feed is not called again.
	Feed(p []byte) error
	// FeedEnd takes the end of the socket's stream. It returns io.EOF where the
	// stream may end, and otherwise why the connection is broken. It is called
	// once at the most, and not after an error of Feed.
	FeedEnd() error
	// Opened is how many bytes are open and not read.
	Opened() int
	// Read moves what is open to p, and returns how much that was.
	Read(p []byte) int
	// Seal appends to dst what the layer has to say of its own, such as its part
	// of a handshake, and then the sealed form of p. The driver calls it with an
	// empty p after each Feed. It fails where it cannot seal p, as before the end
	// of a handshake; then it has appended only what is its own.
	Seal(dst, p []byte) ([]byte, error)
	// End appends to dst what tells the peer that our stream ends. It is called
	// once at the most, after which there is no Seal.
	End(dst []byte) []byte
	// Close tells that the connection is closed. No method is called after it.
	Close()
}

const (
	sealAtOnce  = 64 << 10 // bytes that are sealed before any of them is written
	pullsAtOnce = 4        // reads of a socket for a layer that opens nothing of what they bring
)

// A lining is a Layer in its place under a connection.
type lining struct {
	layer  Layer
	out    []byte // sealed
	sent   int    // bytes of out that were written
	came   error  // behind what is open: io.EOF, or why the connection is broken; nil = more may come
	busy   bool   // the layer is to be fed no more before it has news
	more   bool   // the socket may have something; of the epoll driver alone
	pulled int    // bytes that the last read took from the socket; of the epoll driver alone
	told   bool   // who watches knows of came; of the epoll driver alone
	ended  bool   // End was called, or is not to be
	shut   bool   // the socket's stream is to end behind out; of the epoll driver alone
	broken bool   // nothing that comes is of use any more
	closed bool
}

// feed hands on what has come; nothing asks for news.
func (l *lining) feed(p []byte) {
	if l.came != nil || l.closed {
		return
	}
	err := l.layer.Feed(p)
	if l.busy = err == ErrAgain; l.busy {
		err = nil
	}
	l.fed(err)
}

// feedEnd hands on the end of the socket's stream.
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

// fail is for a socket that is broken.
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

// ready reports whether a read has something to give, be it the end.
func (l *lining) ready() bool { return l.came != nil || !l.closed && l.layer.Opened() > 0 }

// take reads what is open, and then what is behind it.
func (l *lining) take(p []byte) (int, error) {
	if l.closed {
		return 0, net.ErrClosed
	}
	if n := l.layer.Read(p); n > 0 {
		return n, nil
	}
	if l.came != nil {
		return 0, l.came
	}
	return 0, ErrAgain
}

// seal seals as much of a and then of b as is to be written at once, and
// returns how much that was.
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

// end seals the end of our stream. One that is broken has none.
func (l *lining) end() {
	if l.ended || l.closed {
		return
	}
	l.ended = true
	if !l.broken {
		l.out = l.layer.End(l.out)
	}
}

// close lets go of the layer.
func (l *lining) close() {
	if !l.closed {
		l.closed = true
		l.layer.Close()
	}
}

// unsent is what was sealed and not written.
func (l *lining) unsent() []byte { return l.out[l.sent:] }

// wrote notes that n bytes of what was unsent were written.
func (l *lining) wrote(n int) {
	if l.sent += n; l.sent == len(l.out) {
		l.out, l.sent = l.out[:0], 0
	}
}

// trim lets go of what is unsent, and of the buffer.
func (l *lining) trim() { l.out, l.sent = nil, 0 }
