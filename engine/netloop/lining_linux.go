//go:build !portable

package netloop

import (
	"io"
	"net"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// The loop reads the socket of a connection with a layer as soon as bytes
// arrive, until the layer has plain bytes. So readable keeps its meaning: a
// read may find something. The loop also sees the end of the peer's stream
// while no task reads.

// line puts a layer under a client's connection if its listener has one. It
// reports whether there may be something to read.
func (c *econn) line() bool {
	f := c.ln.Layer
	if f == nil {
		return true
	}
	layer := f(c, func() { c.loop.post(c.news) })
	if layer == nil {
		return true
	}
	c.lining = &lining{more: true}
	c.lining.put(layer, func(o *origin) { c.origin = o })
	c.pull()
	c.peel()
	return c.readable
}

// peel takes a layer away that only passes the bytes on. No task may use the
// connection. What the layer holds becomes a part of the stash.
func (c *econn) peel() {
	l := c.lining
	if l == nil || !l.passes || l.came != nil || l.ended || len(l.unsent()) > 0 {
		return
	}
	c.readable = l.more
	if n := l.layer.Buffered(); n > 0 {
		c.readable = true // to whoever reads the stash first
		if len(c.stash) == 0 {
			c.until = 0
		}
		had := len(c.stash)
		c.stash = append(c.stash, make([]byte, n)...)
		l.layer.Read(c.stash[had:])
	}
	l.close()
	c.lining = nil
}

func (c *econn) Layer() Layer {
	if c.lining == nil {
		return nil
	}
	return c.lining.layer
}

// news asks the layer for news, after it has called wake.
func (c *econn) news() {
	if c.closed || c.lining == nil {
		return
	}
	c.lining.feed(nil)
	c.event(0)
}

// flow handles an event of the socket. mayRead reports whether the socket may
// have bytes.
func (c *econn) flow(mayRead bool) {
	c.lining.more = c.lining.more || mayRead
	c.pull()
}

// pull feeds the layer until it has plain bytes or the socket is empty, and
// writes what the layer sends on its own. It returns how many bytes it has read
// from the socket.
func (c *econn) pull() (moved int) {
	l := c.lining
	if c.hup && l.busy { // nothing can receive the result of its work
		l.fail(unix.ECONNRESET)
	}
	for range pullsAtOnce {
		if !l.more || l.busy || l.ready() {
			break
		}
		n, e := rawRead(c.fd, c.loop.scratch)
		n, err := c.took(n, n == len(c.loop.scratch), e)
		l.more = c.readable
		moved += n
		switch err {
		case nil:
			l.feed(c.loop.scratch[:n])
		case ErrAgain:
		case io.EOF:
			l.feedEnd()
		default:
			l.fail(err)
		}
	}
	c.readable = l.more && !l.busy || l.ready()
	_ = c.flush() // the socket also reports a failure as an event
	if l.came != nil && !l.told {
		l.told = true
		if !c.half {
			c.half, c.ended = true, c.loop.now
		}
		c.tellWatcher()
	}
	return moved
}

// open is tryRead through the layer.
func (c *econn) open(t *etask, p []byte) (int, error) {
	l := c.lining
	l.pulled = 0
	n, err := l.take(p)
	if err == ErrAgain {
		l.more = true // an event said so, or the loop has not been told yet
		l.pulled = c.pull()
		n, err = l.take(p)
	}
	c.readable = l.more && !l.busy || l.ready()
	if t != nil {
		t.moved(c.cost(n))
	}
	return n, err
}

// cost returns how many bytes the loop has moved for a read that returned n
// bytes.
func (c *econn) cost(n int) int {
	if c.lining == nil {
		return n
	}
	return max(n, c.lining.pulled)
}

// flush writes the unsent bytes. It returns EAGAIN if the socket does not take
// all of them yet. The next event continues.
func (c *econn) flush() syscall.Errno {
	l := c.lining
	for len(l.unsent()) > 0 {
		n, e := rawWrite(c.fd, l.unsent())
		switch e {
		case 0:
			l.wrote(n)
		case unix.EINTR:
		case unix.EAGAIN:
			c.want(true)
			return e
		default:
			l.trim()
			return e
		}
	}
	if cap(l.out) > cap(c.loop.sealRoom) {
		c.loop.sealRoom = l.out[:0]
	}
	l.trim()
	c.want(false)
	if l.shut {
		l.shut = false
		_ = unix.Shutdown(c.fd, unix.SHUT_WR)
	}
	if t := c.writer; t != nil {
		t.wake()
	}
	return 0
}

// seal seals into a buffer that the loop lends. flush returns it.
func (c *econn) seal(a, b []byte) (int, error) {
	if l := c.lining; l.out == nil {
		l.out, c.loop.sealRoom = c.loop.sealRoom, nil
	}
	return c.lining.seal(a, b)
}

// unsent reports whether there are wire bytes that the socket has not taken
// yet.
func (c *econn) unsent() bool { return c.lining != nil && len(c.lining.unsent()) > 0 }

// writeSealed is Write through the layer.
func (c *econn) writeSealed(t *etask, a, b []byte, wait time.Duration) (total int, err error) {
	l := c.lining
	for {
		t.giveWay()
		if t.cut != nil && t.cut != ErrStopped { // no waiting for the last bytes
			return total, t.cut
		}
		if c.closed {
			return total, net.ErrClosed
		}
		if !c.unsent() {
			if len(a)+len(b) == 0 {
				return total, nil
			}
			n, err := c.seal(a, b)
			if total += n; err != nil {
				return total, err
			}
			m := min(n, len(a))
			a, b = a[m:], b[n-m:]
		}
		before := len(l.unsent())
		e := c.flush()
		t.moved(before - len(l.unsent()))
		switch e {
		case 0:
		case unix.EAGAIN:
			t.isHeld(0)
			if err := c.awaitWrite(t, wait); err != nil {
				return total, err
			}
		default:
			return total, os.NewSyscallError("write", e)
		}
	}
}

// put writes as much of p as it can without waiting. On a connection with a layer
// it seals all of p, or nothing while earlier bytes are unsent.
func (c *econn) put(p []byte) (int, syscall.Errno) {
	switch {
	case c.closed:
		return 0, unix.EBADF
	case c.lining == nil:
		return rawWrite(c.fd, p)
	}
	if e := c.flush(); e != 0 {
		return 0, e
	}
	n, err := c.seal(p, nil)
	if err != nil {
		return 0, unix.EPROTO
	}
	if e := c.flush(); e != 0 && e != unix.EAGAIN {
		return 0, e
	}
	return n, 0
}

// endSealed is CloseWrite through the layer.
func (c *econn) endSealed() error {
	l := c.lining
	l.end()
	l.shut = true
	if e := c.flush(); e != 0 && e != unix.EAGAIN {
		return os.NewSyscallError("write", e)
	}
	return nil
}

// unline closes the layer of a connection that is being closed. It tells the
// peer if that is possible without waiting.
func (c *econn) unline() {
	l := c.lining
	l.end()
	for len(l.unsent()) > 0 {
		n, e := rawWrite(c.fd, l.unsent())
		if e != 0 && e != unix.EINTR {
			break
		}
		l.wrote(max(n, 0))
	}
	l.close()
}

// gone reports whether the connection is broken or the peer has closed it.
func (c *econn) gone() bool { return c.hup || c.lining != nil && c.lining.broken }
