package netloop

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// gconn is a connection of the goroutine driver.
type gconn struct {
	d         *goroutines
	nc        net.Conn
	peer      netip.AddrPort
	ln        *Listener // that accepted it; nil for an upstream connection
	to        *Upstream // nil for a client
	until     Time      // end of its rest
	stash     []byte
	expired   bool
	aside     bool        // a tunnel or lingering; guarded by d.mu
	resting   atomic.Bool // a client between two requests: Shutdown ends its wait
	shed      atomic.Bool // its descriptor is needed elsewhere, if it still rests or lingers
	lingering bool
	ended     Time                   // when its peer was first seen to have ended its stream; used only by the sweep
	idle      idleNode[*gconn]       // guarded by the mutex of idleConns
	lining    *glining               // the layer under it; nil = none
	origin    atomic.Pointer[origin] // what a layer has learnt; nil = nothing
	closed    atomic.Bool

	raw      syscall.RawConn
	in, out  direction
	look     func(fd uintptr) // tryQuiet; kept because a method value allocates
	isQuiet  bool             // its result
	first    []byte           // the bytes that ended the rest, not taken yet
	firstBuf *[firstRead]byte
}

func newGconn(d *goroutines, nc net.Conn) *gconn {
	c := &gconn{d: d, nc: nc}
	c.raw, _ = nc.(syscall.Conn).SyscallConn() // cannot fail: nc comes from package net
	// Made once, because each of these allocates.
	tryRead, tryWrite := c.tryRead, c.tryWrite
	c.look = c.tryQuiet
	c.in = direction{setLimit: nc.SetReadDeadline, run: func() error { return c.raw.Read(tryRead) }}
	c.out = direction{setLimit: nc.SetWriteDeadline, run: func() error { return c.raw.Write(tryWrite) }}
	c.peer = addrPort(nc.RemoteAddr())
	return c
}

// addrPort returns the zero AddrPort for unix sockets.
func addrPort(addr net.Addr) netip.AddrPort {
	a, ok := addr.(*net.TCPAddr)
	if !ok {
		return netip.AddrPort{}
	}
	ap := a.AddrPort()
	return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())
}

func isEOF(err error) bool { return errors.Is(err, io.EOF) }

// until returns when a wait of the task ends: at its own limit or the task's
// deadline, whichever is earlier; 0 = never.
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

// spoil ends the current operations, or the next ones, by setting a deadline in
// the past. Any goroutine can call it.
func (c *gconn) spoil() {
	c.in.spoilt.Store(true)
	c.out.spoilt.Store(true)
	c.nc.SetDeadline(time.Unix(1, 0))
	if c.lining != nil {
		signal(c.lining.bell)
	}
}

// endsRest reports whether a rest or a linger must end at once.
func (c *gconn) endsRest() bool {
	return c.resting.Load() && c.d.stopping.Load() || (c.lingering || c.resting.Load()) && c.shed.Load()
}

// do reads into p or writes it, until the given moment at the latest.
func (c *gconn) do(t *gtask, d *direction, until Time, p []byte) (int, error) {
	for {
		d.limit(until)
		if c.endsRest() {
			return 0, ErrStopped // SetDeadline may just have undone the spoil
		}
		if l := c.lining; l != nil && d == &c.in && l.woken.Swap(false) {
			return 0, ErrAgain
		}
		t.giveWay()
		if err := t.begin(c); err != nil {
			return 0, err
		}
		d.by = t
		n, err := d.perform(p)
		t.moved(n)
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
		d.set = 0 // it fired early, or was set for an earlier wait
	}
}

func (c *gconn) Read(t Task, p []byte, wait time.Duration) (int, error) {
	g := c.d.ownTask(t)
	if c.lining != nil {
		return c.open(g, p, g.until(wait))
	}
	if len(c.first) > 0 {
		return c.takeFirst(p), nil
	}
	return c.do(g, &c.in, g.until(wait), p)
}

func (c *gconn) Write(t Task, a, b []byte, wait time.Duration) (int, error) {
	g := c.d.ownTask(t)
	if c.lining != nil {
		return c.writeSealed(g, a, b, wait)
	}
	if len(b) == 0 {
		return c.write(g, a, wait)
	}
	// Two writes cost a system call, which is more than copying a small part.
	g.joined = append(append(g.joined[:0], a...), b...)
	n, err := c.write(g, g.joined, wait)
	if cap(g.joined) > maxJoined {
		g.joined = nil
	}
	return n, err
}

const (
	maxJoined = 64 << 10  // bytes kept to join the next two writes
	writePart = 256 << 10 // bytes written under one limit
)

// write sets a new limit for each part, so that it bounds the lack of progress
// and not the whole write.
func (c *gconn) write(t *gtask, p []byte, wait time.Duration) (int, error) {
	if t.isCut() == ErrStopped { // no waiting for the last bytes
		return c.writeNow(p)
	}
	total := 0
	for len(p) > 0 {
		part := p[:min(len(p), writePart)]
		n := 0
		err := awaitProgress(wait, func(d time.Duration) (err error) {
			n, err = c.do(t, &c.out, t.until(d), part)
			return err
		}, t.late, c.unacked)
		total += n
		p = p[n:]
		if err != nil {
			return total, err
		}
	}
	return total, nil
}

// probe writes a few bytes to a peer that is reading or gone.
func (c *gconn) probe(p []byte) int {
	if c.lining != nil {
		return c.lining.probe(c, p)
	}
	n, _ := c.writeNow(p)
	return n
}

// writeNow writes a few bytes without a task. Nothing else writes meanwhile.
func (c *gconn) writeNow(p []byte) (int, error) {
	c.out.spoilt.Store(true)
	c.nc.SetWriteDeadline(time.Now().Add(probeTime))
	return c.nc.Write(p)
}

// unacked returns how many written bytes the peer has not taken yet.
func (c *gconn) unacked() (n int64) {
	_ = c.raw.Control(func(fd uintptr) { n = unacked(int(fd)) })
	return n
}

// await waits at rest until there is something to read, and reads it.
func (c *gconn) await(g *gtask, until Time) error {
	if c.lining != nil {
		return c.awaitOpen(g, until)
	}
	if len(c.first) > 0 {
		return nil
	}
	_, err := c.do(g, &c.in, until, nil)
	return err
}

// hasFirst reports whether there is something to read at the end of a rest,
// even if the rest ended early.
func (c *gconn) hasFirst() bool {
	if c.lining != nil {
		return c.lining.findsFirst(c)
	}
	_ = c.raw.Control(func(fd uintptr) { c.tryRead(fd) })
	return len(c.first) > 0
}

// firstRead is the size of the read that ends a rest.
const firstRead = 4 << 10

var firstBuffers = sync.Pool{New: func() any { return new([firstRead]byte) }}

// tryRead reads without waiting, and tells the poller whether it found
// something. A resting connection holds no buffer, so tryRead takes one when it
// is needed.
func (c *gconn) tryRead(fd uintptr) bool {
	d := &c.in
	if len(d.p) == 0 {
		c.firstBuf = firstBuffers.Get().(*[firstRead]byte)
		d.took(sysRead(int(fd), c.firstBuf[:]))
		if c.first = c.firstBuf[:d.n]; d.n == 0 {
			firstBuffers.Put(c.firstBuf)
			c.first, c.firstBuf = nil, nil
		}
	} else {
		d.took(sysRead(int(fd), d.p))
	}
	if d.n == 0 && d.err == nil {
		d.err = io.EOF
	}
	return d.err != ErrAgain
}

func (c *gconn) tryWrite(fd uintptr) bool {
	d := &c.out
	d.took(sysWrite(int(fd), d.p))
	if d.err == ErrAgain {
		d.by.isHeld(0)
	}
	return d.err != ErrAgain
}

// takeFirst moves bytes that await has read to p.
func (c *gconn) takeFirst(p []byte) int {
	n := copy(p, c.first)
	if c.first = c.first[n:]; len(c.first) == 0 {
		firstBuffers.Put(c.firstBuf)
		c.first, c.firstBuf = nil, nil
	}
	return n
}

// dropFirst discards what await has read.
func (c *gconn) dropFirst() {
	if c.firstBuf != nil {
		firstBuffers.Put(c.firstBuf)
		c.first, c.firstBuf = nil, nil
	}
}

// crowdOf is the number of clients from which it pays to let other tasks go
// first. With fewer clients, yielding would keep the process running when it
// should sleep, and the system would make it wait once it has work to do.
const crowdOf = 32

// WaitReadable leaves the waiting to the read: a waiting goroutine costs as
// much as the buffer that it would save. In a crowd, WaitReadable lets the
// others go first: often the peer has answered by then, and a read that finds
// nothing costs a system call and work in the poller.
func (c *gconn) WaitReadable(Task, time.Duration) error {
	if c.d.clients.Load() >= crowdOf {
		runtime.Gosched()
	}
	return nil
}

func (c *gconn) Splice(Task, Conn, int64, time.Duration, time.Duration) (int64, error, error) {
	return 0, ErrNoSplice, nil
}

// SendFile leaves files to the caller, who reads them.
func (c *gconn) SendFile(Task, FileSource, int64, int64, time.Duration) (int64, error, error) {
	return 0, ErrNoSplice, nil
}

// TryRead first returns what was read at the end of the rest.
func (c *gconn) TryRead(t Task, p []byte) (int, error) {
	c.d.ownTask(t)
	if c.lining != nil {
		return c.lining.take(p)
	}
	if len(c.first) == 0 {
		return 0, ErrAgain
	}
	return c.takeFirst(p), nil
}

func (c *gconn) Ended() bool {
	state := c.state()
	return state == peerHalf || state == peerGone
}

func (c *gconn) Loop() *Loop         { return &c.d.loop }
func (c *gconn) Listener() *Listener { return c.ln }

func (c *gconn) Peer() netip.AddrPort {
	if o := c.origin.Load(); o.names() {
		return o.Peer
	}
	return c.peer
}

func (c *gconn) Local() netip.AddrPort {
	if o := c.origin.Load(); o.names() {
		return o.Local
	}
	return addrPort(c.nc.LocalAddr())
}

func (c *gconn) Port() string {
	if o := c.origin.Load(); o.names() {
		return o.port
	}
	return c.ln.Port()
}

func (c *gconn) Anonymous() bool {
	o := c.origin.Load()
	return o != nil && o.Anonymous
}

func (c *gconn) Rest(until Time) {
	c.until = until
	c.d.idleUps.push(c)
}

func (c *gconn) Until() Time   { return c.until }
func (c *gconn) Expired() bool { return c.expired }

func (c *gconn) Stash() []byte {
	s := c.stash
	c.stash = nil
	return s
}

func (c *gconn) Alive() bool {
	if !c.d.idleUps.remove(c) {
		return false // shed
	}
	if c.until != 0 && Now() >= c.until || !c.quiet() {
		c.Close()
		return false
	}
	return true
}

// peerState is what can be learned about the peer without waiting.
type peerState uint8

const (
	peerQuiet peerState = iota // nothing to see
	peerSent                   // there are bytes to read
	peerHalf                   // it has ended its stream
	peerGone                   // it has closed, or the connection broke
)
