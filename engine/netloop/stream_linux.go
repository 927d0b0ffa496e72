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

// awaitRead waits for an event that makes c readable.
func (c *econn) awaitRead(t *etask, wait time.Duration) error {
	if c.closed {
		return net.ErrClosed
	}
	c.register()
	if c.hup {
		c.readable = true
	}
	if c.readable {
		return nil
	}
	c.reader = t
	err := t.wait(c, c.limit(wait))
	c.reader = nil
	if err == nil && c.closed {
		return net.ErrClosed
	}
	return err
}

func (c *econn) WaitReadable(t Task, wait time.Duration) error {
	e := c.loop.ownTask(t)
	for e.giveWay(); !c.readable; {
		if c.closed {
			return net.ErrClosed
		}
		if err := c.awaitRead(e, wait); err != nil {
			return err
		}
	}
	return nil
}

func (c *econn) TryRead(t Task, p []byte) (int, error) {
	return c.tryRead(c.loop.ownTask(t), p)
}

// tryRead is TryRead. The loop itself calls it with a nil t.
func (c *econn) tryRead(t *etask, p []byte) (int, error) {
	if t != nil {
		t.giveWay()
	}
	if c.closed {
		return 0, net.ErrClosed
	}
	if !c.readable {
		return 0, ErrAgain
	}
	if c.lining != nil {
		return c.open(t, p)
	}
	n, full, e := c.receive(t, p)
	return c.took(n, full, e)
}

// drop is TryRead for bytes that nobody wants. It costs little more than the
// system call.
func (c *econn) drop() (int, error) {
	if !c.readable {
		return 0, ErrAgain
	}
	if l := c.lining; l != nil {
		if !l.broken {
			return c.open(nil, c.loop.scratch)
		}
		l.pulled = 0
	}
	n, e := rawDrop(c.fd, c.loop.scratch)
	return c.took(n, n == len(c.loop.scratch), e)
}

// took handles the result of a read. full reports whether there may be more to
// read.
func (c *econn) took(n int, full bool, e syscall.Errno) (int, error) {
	switch {
	case e == unix.EAGAIN || e == unix.EINTR:
		c.readable = e == unix.EINTR
		return 0, ErrAgain
	case e != 0:
		return 0, os.NewSyscallError("read", e)
	case n == 0:
		return 0, io.EOF
	}
	// A short read has emptied the socket. If the end of the stream was
	// reported, it is still to be read.
	c.readable = full || c.half || c.hup
	return n, nil
}

func (c *econn) Read(t Task, p []byte, wait time.Duration) (int, error) {
	e := c.loop.ownTask(t)
	for e.giveWay(); ; {
		if e.cut != nil {
			return 0, e.cut
		}
		n, err := c.tryRead(e, p)
		if err != ErrAgain {
			return n, err
		}
		if err := c.awaitRead(e, wait); err != nil {
			return 0, err
		}
	}
}

func (c *econn) Write(t Task, a, b []byte, wait time.Duration) (int, error) {
	e, total := c.loop.ownTask(t), 0
	if c.lining != nil {
		return c.writeSealed(e, a, b, wait)
	}
	for len(a)+len(b) > 0 {
		e.giveWay()
		if e.cut != nil && e.cut != ErrStopped { // no waiting for the last bytes
			return total, e.cut
		}
		if c.closed {
			return total, net.ErrClosed
		}
		n, errno := c.writeSome(e, a, b)
		e.moved(n)
		switch errno {
		case 0:
			total += n
			m := min(n, len(a))
			a, b = a[m:], b[n-m:]
			if len(a)+len(b) == 0 {
				return total, nil
			}
		case unix.EINTR:
			continue
		case unix.EAGAIN:
		default:
			return total, os.NewSyscallError("write", errno)
		}
		e.isHeld(0)
		if err := c.awaitWrite(e, wait); err != nil {
			return total, err
		}
	}
	return total, nil
}

// joinUpTo is the size up to which a copy is cheaper than the kernel's work for
// two buffers.
const joinUpTo = 8 << 10

func (c *econn) writeSome(t *etask, a, b []byte) (int, syscall.Errno) {
	switch {
	case len(b) == 0:
		return c.send(t, a)
	case len(a) == 0:
		return c.send(t, b)
	case len(a)+len(b) > joinUpTo:
		return rawWritev(c.fd, a, b)
	}
	if joined := c.loop.batch.join(a, b); joined != nil {
		return c.inBatch(t, joined, true)
	}
	return rawWrite(c.fd, append(append(c.loop.scratch[:0], a...), b...))
}

// awaitWrite waits until c can take more bytes.
func (c *econn) awaitWrite(t *etask, wait time.Duration) error {
	if c.closed {
		return net.ErrClosed
	}
	c.want(true)
	c.writer = t
	err := awaitProgress(wait,
		func(d time.Duration) error { return t.wait(c, c.limit(d)) },
		t.late, func() int64 { return unacked(c.fd) })
	c.writer = nil
	if c.closed {
		return net.ErrClosed
	}
	c.want(c.unsent())
	return err
}

func (c *econn) CloseWrite() error {
	if c.closed {
		return net.ErrClosed
	}
	if c.lining != nil {
		return c.endSealed()
	}
	return unix.Shutdown(c.fd, unix.SHUT_WR)
}
