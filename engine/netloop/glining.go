package netloop

import (
	"io"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// A glining is a lining of the goroutine driver. One task can read and another
// one write while the sweeper checks the client.
//
// The locks are taken in the order of the fields.
type glining struct {
	reading sync.Mutex    // held from a read of the socket until the bytes are fed to the layer
	writing sync.Mutex    // held while wire bytes are written
	woken   atomic.Bool   // the layer has news
	bell    chan struct{} // holds at most one signal for awaitNews

	mu sync.Mutex // guards l; held only briefly
	l  lining
}

// pullRoom is the size of one read of a socket.
const pullRoom = 16 << 10

var pullBuffers = sync.Pool{New: func() any { return new([pullRoom]byte) }}

// line puts a layer under a client's connection if its listener has one.
func (c *gconn) line() {
	f := c.ln.Layer
	if f == nil {
		return
	}
	g := &glining{bell: make(chan struct{}, 1)}
	layer := f(c, func() {
		g.woken.Store(true)
		c.spoil()
	})
	if layer != nil {
		g.l.put(layer, c.origin.Store)
		c.lining = g
	}
}

func (c *gconn) Layer() Layer {
	g := c.lining
	if g == nil {
		return nil
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.l.layer
}

// isWait reports whether an error ends only a wait, not the stream.
func isWait(err error) bool {
	switch err {
	case ErrTimeout, ErrGone, ErrStopped, ErrEnough:
		return true
	}
	return false
}

// take calls lining.take.
func (g *glining) take(p []byte) (int, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.l.take(p)
}

// hasOpened returns lining.opened.
func (g *glining) hasOpened() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.l.opened
}

// ready calls lining.ready.
func (g *glining) ready() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.l.ready()
}

// busy reports whether the layer must not be fed until it has news.
func (g *glining) busy() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.l.busy
}

// came passes the result of a read of the socket to the layer. ErrAgain means
// that the layer has news.
func (g *glining) came(p []byte, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case len(p) > 0 || err == ErrAgain:
		g.l.feed(p)
	case isEOF(err):
		g.l.feedEnd()
	case err != nil:
		g.l.fail(err)
	}
}

// open is Read through the layer.
func (c *gconn) open(t *gtask, p []byte, until Time) (int, error) {
	g := c.lining
	g.reading.Lock()
	defer g.reading.Unlock()
	if n, err := g.take(p); err != ErrAgain {
		return n, err
	}
	buf := pullBuffers.Get().(*[pullRoom]byte)
	defer pullBuffers.Put(buf)
	for {
		if err := g.bring(c, t, until, buf[:]); err != nil {
			return 0, err
		}
		if n, err := g.take(p); err != ErrAgain {
			return n, err
		}
	}
}

// bring waits for bytes or news and passes them to the layer. buf is nil for a
// connection at rest.
func (g *glining) bring(c *gconn, t *gtask, until Time, buf []byte) error {
	n, err := 0, error(nil)
	if g.busy() {
		if err = g.awaitNews(c, t, until); err == nil {
			err = ErrAgain
		}
	} else {
		n, err = c.do(t, &c.in, until, buf)
	}
	switch {
	case isWait(err):
		return err
	case buf == nil:
		g.came(c.first, err)
		c.dropFirst()
	default:
		g.came(buf[:n], err)
	}
	return g.reply(c, t, until)
}

// awaitNews waits until a busy layer has news.
func (g *glining) awaitNews(c *gconn, t *gtask, until Time) error {
	var timeout <-chan time.Time
	if until != 0 {
		timer := time.NewTimer(until.Sub(Now()))
		defer timer.Stop()
		timeout = timer.C
	}
	for !g.woken.Swap(false) {
		if c.closed.Load() {
			return net.ErrClosed
		}
		if c.endsRest() {
			return ErrStopped
		}
		if err := t.begin(nil); err != nil {
			return err
		}
		select {
		case <-g.bell:
		case <-t.cutting:
		case <-timeout:
			return ErrTimeout
		}
	}
	return nil
}

// awaitOpen waits at rest until a read has a result.
func (c *gconn) awaitOpen(t *gtask, until Time) error {
	g := c.lining
	g.reading.Lock()
	defer g.reading.Unlock()
	g.spare()
	for !g.ready() {
		if err := g.bring(c, t, until, nil); err != nil {
			return err
		}
	}
	return nil
}

// reply writes the bytes that the layer sends on its own, until the given
// moment. If the peer is gone, the next read reports it.
func (g *glining) reply(c *gconn, t *gtask, until Time) error {
	wait := time.Duration(0)
	if until != 0 {
		wait = max(until.Sub(Now()), 1)
	}
	if err := g.flush(c, t, wait); isWait(err) {
		return err
	}
	return nil
}

// pull reads from the socket without waiting, until the layer has plain bytes.
// The caller holds reading.
func (g *glining) pull(c *gconn) {
	if g.woken.Swap(false) {
		g.came(nil, ErrAgain)
	}
	buf := pullBuffers.Get().(*[pullRoom]byte)
	defer pullBuffers.Put(buf)
	for range pullsAtOnce {
		if g.ready() || g.busy() {
			break
		}
		n, e := 0, syscall.EBADF // if the connection is closed
		_ = c.raw.Control(func(fd uintptr) { n, e = sysRead(int(fd), buf[:]) })
		switch {
		case e == syscall.EAGAIN || e == syscall.EINTR:
			g.sendNow(c)
			return
		case e != 0:
			g.came(nil, e)
		case n == 0:
			g.came(nil, io.EOF)
		default:
			g.came(buf[:n], nil)
		}
	}
	g.sendNow(c)
}

// sendNow writes as many unsent bytes as the socket takes at once, unless
// another goroutine is writing.
func (g *glining) sendNow(c *gconn) {
	if !g.writing.TryLock() {
		return
	}
	defer g.writing.Unlock()
	g.mu.Lock()
	defer g.mu.Unlock()
	_ = c.raw.Control(func(fd uintptr) {
		for len(g.l.unsent()) > 0 {
			n, e := sysWrite(int(fd), g.l.unsent())
			if e != 0 {
				return
			}
			g.l.wrote(n)
		}
	})
}

// findsFirst is gconn.hasFirst through the layer.
func (g *glining) findsFirst(c *gconn) bool {
	g.reading.Lock()
	defer g.reading.Unlock()
	g.pull(c)
	return g.ready()
}

// state is peerState as seen through the layer. While a task reads, it leaves the
// socket to that task.
func (c *gconn) state() peerState {
	g, s := c.lining, c.peerState()
	if g == nil || s == peerGone {
		return s
	}
	if g.reading.TryLock() {
		g.pull(c)
		g.reading.Unlock()
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case g.l.broken:
		return peerGone
	case g.l.came != nil || s == peerHalf:
		return peerHalf
	case g.l.ready():
		return peerSent
	}
	return peerQuiet
}

// bringsMore reports whether the client may have sent bytes that were not read.
func (c *gconn) bringsMore() bool {
	s := c.state()
	return s == peerSent || s == peerHalf || c.lining != nil && c.lining.broken()
}

// broken reports whether the layer has found the connection broken.
func (g *glining) broken() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.l.broken
}
