package netloop

import (
	"cmp"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// gconn is a connection of the goroutine driver.
type gconn struct {
	d       *goroutines
	nc      net.Conn
	peer    netip.AddrPort
	until   Time // end of its rest
	stash   []byte
	expired bool
	tunnel  bool        // guarded by d.mu
	resting atomic.Bool // a client between two requests: Shutdown ends its wait
	closed  atomic.Bool

	raw      syscall.RawConn
	readSet  Time        // the moment nc's read timer is set to; 0 = none
	writeSet Time        // the same for writes
	spoilt   atomic.Bool // an interrupt has moved both
	first    []byte      // what ended the rest, and is not taken yet
	firstBuf *[firstRead]byte
	firstErr error
	tryFirst func(uintptr) bool // pollFirst, made once
}

func newGconn(d *goroutines, nc net.Conn) *gconn {
	c := &gconn{d: d, nc: nc}
	c.tryFirst = c.pollFirst
	if sc, ok := nc.(syscall.Conn); ok {
		c.raw, _ = sc.SyscallConn() // fails only on a closed connection
	}
	if a, ok := nc.RemoteAddr().(*net.TCPAddr); ok {
		ap := a.AddrPort()
		c.peer = netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())
	}
	return c
}

func isEOF(err error) bool { return errors.Is(err, io.EOF) }

// until is the moment at which a wait of the task ends: the earlier of its
// own limit and the task's; 0 = none.
func (t *gtask) until(wait time.Duration) Time {
	if wait == 0 {
		return t.deadline
	}
	until := Now().Add(wait)
	if t.deadline != 0 && t.deadline < until {
		return t.deadline
	}
	return until
}

// setLimit makes an operation of nc end at the given moment at the latest. A
// timer costs more than the rest of a small read, so one that is set already
// and fires a little early is left: who is timed out looks at the clock. set
// is the moment the timer is set to.
func (c *gconn) setLimit(set *Time, until Time, apply func(time.Time) error) {
	if c.spoilt.Swap(false) {
		c.readSet, c.writeSet = 0, 0
		c.nc.SetDeadline(time.Time{})
	}
	switch {
	case until == *set:
	case until == 0:
		*set = 0
		apply(time.Time{})
	case *set != 0 && *set < until && until.Sub(*set) < limitSlack:
	default:
		*set = until
		apply(epoch.Add(time.Duration(until)))
	}
}

// spoil ends the present operation, or the next, by a limit in the past. Any
// goroutine may call it.
func (c *gconn) spoil() {
	c.spoilt.Store(true)
	c.nc.SetDeadline(time.Unix(1, 0))
}

// limitSlack is how early a timer may be left to fire.
const limitSlack = 5 * time.Second

// do runs an operation that ends by until, and translates its error.
func (c *gconn) do(t *gtask, until Time, set *Time, apply func(time.Time) error, op func([]byte) (int, error), p []byte) (int, error) {
	for {
		c.setLimit(set, until, apply)
		if c.resting.Load() && c.d.stopping.Load() {
			return 0, ErrStopped // Shutdown's spoil may just have been undone
		}
		if err := t.begin(c); err != nil {
			return 0, err
		}
		n, err := op(p)
		cut := t.finish()
		switch {
		case err == nil || n > 0:
			return n, nil
		case cut != nil:
			return 0, cut
		case !isTimeout(err):
			return 0, err
		case until != 0 && Now() >= until:
			return 0, ErrTimeout
		}
		*set = 0 // it fired early, or was meant for an earlier wait
	}
}

func (c *gconn) Read(t Task, p []byte, wait time.Duration) (int, error) {
	if len(c.first) > 0 {
		return c.takeFirst(p), nil
	}
	g := t.(*gtask)
	return c.do(g, g.until(wait), &c.readSet, c.nc.SetReadDeadline, c.nc.Read, p)
}

func (c *gconn) Write(t Task, a, b []byte, wait time.Duration) (int, error) {
	g := t.(*gtask)
	if len(b) == 0 {
		return c.write(g, a, wait)
	}
	// Two writes cost a system call more than one copy of a small part.
	g.joined = append(append(g.joined[:0], a...), b...)
	n, err := c.write(g, g.joined, wait)
	if cap(g.joined) > maxJoined {
		g.joined = nil
	}
	return n, err
}

const (
	maxJoined = 64 << 10  // bytes kept for joining the next two writes
	writePart = 256 << 10 // bytes whose writing a limit bounds
)

// write sets the limit anew for every part, so that it bounds the lack of
// progress and not the whole.
func (c *gconn) write(t *gtask, p []byte, wait time.Duration) (int, error) {
	if t.stopped() { // last words need no wait
		c.nc.SetWriteDeadline(time.Now().Add(probeTime))
		return c.nc.Write(p)
	}
	total := 0
	for len(p) > 0 {
		part := p[:min(len(p), writePart)]
		n, err := c.do(t, t.until(wait), &c.writeSet, c.nc.SetWriteDeadline, c.nc.Write, part)
		total += n
		p = p[n:]
		if err != nil {
			return total, err
		}
	}
	return total, nil
}

// await waits at rest until there is something to read, and reads it: the
// buffer is there only from then on.
func (c *gconn) await(g *gtask, until Time) error {
	_, err := c.do(g, until, &c.readSet, c.nc.SetReadDeadline, c.readFirst, nil)
	return err
}

// firstRead is the size of the read that ends a rest.
const firstRead = 4 << 10

var firstBuffers = sync.Pool{New: func() any { return new([firstRead]byte) }}

// readFirst is a Read into a buffer that is taken when there is something.
func (c *gconn) readFirst([]byte) (int, error) {
	c.firstErr = nil
	if err := c.raw.Read(c.tryFirst); err != nil {
		return 0, err
	}
	if c.firstErr != nil || len(c.first) == 0 {
		return 0, cmp.Or(c.firstErr, io.EOF)
	}
	return len(c.first), nil
}

// pollFirst tells the poller whether it has read.
func (c *gconn) pollFirst(fd uintptr) bool {
	buf := firstBuffers.Get().(*[firstRead]byte)
	n, err := syscall.Read(int(fd), buf[:])
	if n > 0 {
		c.firstBuf, c.first = buf, buf[:n]
		return true
	}
	firstBuffers.Put(buf)
	switch err {
	case syscall.EAGAIN, syscall.EINTR:
		return false
	case nil:
	default:
		c.firstErr = os.NewSyscallError("read", err)
	}
	return true
}

// takeFirst hands out what await has read.
func (c *gconn) takeFirst(p []byte) int {
	n := copy(p, c.first)
	if c.first = c.first[n:]; len(c.first) == 0 {
		firstBuffers.Put(c.firstBuf)
		c.first, c.firstBuf = nil, nil
	}
	return n
}

// WaitReadable returns at once: the goroutine that would wait costs as much
// as the buffer that it would save.
func (c *gconn) WaitReadable(Task, time.Duration) error { return nil }

func (c *gconn) Splice(Task, Conn, int64, time.Duration, time.Duration) (int64, error, error) {
	return 0, ErrNoSplice, nil
}

// TryRead gives what the wait at rest has read.
func (c *gconn) TryRead(_ Task, p []byte) (int, error) {
	if len(c.first) == 0 {
		return 0, ErrAgain
	}
	return c.takeFirst(p), nil
}

func (c *gconn) CloseLater() { c.Close() }

func (c *gconn) CloseWrite() error {
	if cw, ok := c.nc.(interface{ CloseWrite() error }); ok {
		return cw.CloseWrite()
	}
	return nil
}

func (c *gconn) Close() error {
	if c.closed.Swap(true) {
		return nil
	}
	return c.nc.Close()
}

func (c *gconn) linger(t *gtask) {
	c.CloseWrite()
	t.reset()
	t.SetDeadline(Now().Add(lingerTime))
	buf := make([]byte, 4096)
	for {
		if _, err := c.Read(t, buf, 0); err != nil {
			return
		}
	}
}

func (c *gconn) Peer() netip.AddrPort { return c.peer }
func (c *gconn) Rest(until Time)      { c.until = until }
func (c *gconn) Until() Time          { return c.until }
func (c *gconn) Expired() bool        { return c.expired }

func (c *gconn) Stash() []byte {
	s := c.stash
	c.stash = nil
	return s
}

func (c *gconn) Alive() bool {
	if c.until != 0 && Now() >= c.until || c.peerState() != peerQuiet {
		c.Close()
		return false
	}
	return true
}

// peerState is what can be seen of the peer without waiting.
type peerState uint8

const (
	peerQuiet peerState = iota // nothing to see
	peerSent                   // bytes are there to be read
	peerHalf                   // it has ended its stream
	peerGone                   // it has closed, or the connection broke
)
