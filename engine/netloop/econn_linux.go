//go:build !portable

package netloop

import (
	"net/netip"
	"time"

	"golang.org/x/sys/unix"
)

// connState says what uses a connection.
type connState uint8

const (
	inTask    connState = iota // a task uses it
	atRest                     // nothing uses it
	lingering                  // our stream is ended, and incoming bytes are discarded
)

// econn is a connection of the epoll driver. At rest, it is all that the
// connection holds.
//
// Events are edge-triggered: readable and writable record what the last event
// or system call has shown, so that no call is made in vain.
type econn struct {
	loop       *loop
	fd         int
	slot, gen  uint32
	client     bool
	state      connState
	registered bool // with epoll; a connection is registered when it first waits
	wantOut    bool // registered for writability too
	readable   bool
	half       bool // the peer has ended its stream
	watched    bool // a task has watched it before
	hup        bool // the connection is broken, or closed by the peer
	closed     bool
	expired    bool
	probed     bool // the kernel sends keep-alive probes
	large      bool // the last read brought many bytes
	moving     int8 // operations of a batch, or a fileSend, in progress on fd
	sends      bool // a fileSend is
	behind     bool // a tunnel's or a lingering connection's work continues in a task, see later

	reader, writer *etask // the tasks that wait
	watcher        *etask
	tunnel         *tunnel
	until          Time // end of its rest
	ended          Time // when half was seen
	stash          []byte
	peer           netip.AddrPort
	ln             *Listener        // nil for an upstream connection
	idle           idleNode[*econn] // while it rests with an empty stash, or lingers
	to             *Upstream        // nil for a client
	lining         *lining          // the layer under it; nil = none
	origin         *origin          // what a layer has learnt; nil = nothing
}

// newConn takes over a descriptor.
func (l *loop) newConn(fd int, client bool) *econn {
	c := &econn{loop: l, fd: fd, client: client, readable: client}
	if n := len(l.free); n > 0 {
		c.slot = l.free[n-1]
		l.free = l.free[:n-1]
	} else {
		c.slot = uint32(len(l.conns))
		l.conns = append(l.conns, nil)
	}
	l.gen++
	c.gen = l.gen
	l.conns[c.slot] = c
	return c
}

const baseEvents = unix.EPOLLIN | unix.EPOLLRDHUP | unix.EPOLLET

// register makes the kernel report events from now on, including those that are
// already true.
func (c *econn) register() {
	if c.registered || c.closed {
		return
	}
	c.registered = true
	if err := c.loop.add(c.fd, baseEvents, c.slot, c.gen); err != nil {
		c.hup = true // no event will come, so let every use fail
	}
}

// want starts or stops reporting writability. It is on only while a task waits:
// a unix socket reports it whenever the peer has read.
func (c *econn) want(out bool) {
	if c.wantOut == out {
		return
	}
	c.wantOut = out
	ev := unix.EpollEvent{Events: baseEvents, Fd: int32(c.slot), Pad: int32(c.gen)}
	if out {
		ev.Events |= unix.EPOLLOUT
	}
	op := unix.EPOLL_CTL_MOD
	if !c.registered {
		op, c.registered = unix.EPOLL_CTL_ADD, true
	}
	if unix.EpollCtl(c.loop.epfd, op, c.fd, &ev) != nil {
		c.hup = true
	}
}

// keepAlive makes the kernel check whether the peer is still there, for a
// connection that can be silent for long. Other connections would pay for a
// timer that never fires.
func (c *econn) keepAlive() {
	if c.probed || !c.peer.IsValid() {
		return
	}
	c.probed = true
	// A failure only means that a dead peer is noticed later.
	_ = unix.SetsockoptInt(c.fd, unix.SOL_SOCKET, unix.SO_KEEPALIVE, 1)
	_ = unix.SetsockoptInt(c.fd, unix.IPPROTO_TCP, unix.TCP_KEEPIDLE, 60)
	_ = unix.SetsockoptInt(c.fd, unix.IPPROTO_TCP, unix.TCP_KEEPINTVL, 15)
}

// event handles what epoll reports.
func (c *econn) event(events uint32) {
	if events&(unix.EPOLLIN|unix.EPOLLRDHUP|unix.EPOLLHUP|unix.EPOLLERR) != 0 {
		c.readable = true
	}
	if !c.half && events&unix.EPOLLRDHUP != 0 {
		c.half, c.ended = true, c.loop.now
	}
	c.hup = c.hup || events&(unix.EPOLLHUP|unix.EPOLLERR) != 0
	if c.lining != nil {
		c.flow(c.readable)
		if c.state == atRest {
			c.peel()
		}
	}
	switch {
	case c.tunnel != nil:
		c.tunnel.moveAtTurn()
	case c.state == lingering:
		c.discardAtTurn()
	case c.state == atRest && !c.readable:
	case c.state == atRest && c.client:
		c.loop.serve(c)
	case c.state == atRest:
		c.Close() // an upstream has closed, or sent bytes that nobody asked for
	default:
		c.wakeWaiters(events&(unix.EPOLLOUT|unix.EPOLLHUP|unix.EPOLLERR) != 0)
	}
}

func (c *econn) wakeWaiters(writable bool) {
	if t := c.reader; t != nil && c.readable && t.waiting {
		t.resume(nil)
	}
	if t := c.writer; t != nil && writable && t.waiting {
		t.resume(nil)
	}
	c.tellWatcher()
}

// tellWatcher tells the watching task that the peer is gone, or may be.
func (c *econn) tellWatcher() {
	if t := c.watcher; t != nil && (c.gone() || c.half) {
		if c.gone() {
			t.interrupt(ErrGone)
		} else {
			c.loop.by(max(c.loop.now, t.lookAt()))
		}
	}
}

// limit returns the moment d from now; 0 = none.
func (c *econn) limit(d time.Duration) Time { return c.loop.now.Add(d) }

func (c *econn) Close() error {
	if c.closed {
		return nil
	}
	c.closed = true
	c.idle.leave()
	if c.lining != nil {
		c.unline()
	}
	l := c.loop
	if c.moving == 0 { // otherwise another connection could get its number before the batch is done; see land
		rawClose(c.fd)
	} else if c.sends {
		_ = unix.Shutdown(c.fd, unix.SHUT_RDWR) // a disk can take long, and the peer need not wait for it
	}
	l.conns[c.slot] = nil
	l.free = append(l.free, c.slot)
	if c.client {
		l.clients--
		c.ln.open.Add(-1)
	}
	if c.state == lingering {
		delete(l.lingers, c)
	}
	c.stash, c.until = nil, 0
	for _, t := range [...]*etask{c.reader, c.writer} {
		if t != nil {
			t.wake()
		}
	}
	return nil
}

// Ended asks the kernel if no event has reported the end: there are no events
// before the connection is registered.
func (c *econn) Ended() bool {
	return c.half || c.gone() || c.closed || rawEnded(c.fd)
}

func (c *econn) CloseLater() { c.loop.post(func() { c.Close() }) }

func (c *econn) Loop() *Loop         { return &c.loop.id }
func (c *econn) Listener() *Listener { return c.ln }
func (c *econn) Until() Time         { return c.until }
func (c *econn) Expired() bool       { return c.expired }

func (c *econn) Peer() netip.AddrPort {
	if c.origin.names() {
		return c.origin.Peer
	}
	return c.peer
}

func (c *econn) Local() netip.AddrPort {
	if c.origin.names() {
		return c.origin.Local
	}
	return rawLocal(c.fd)
}

func (c *econn) Port() string {
	if c.origin.names() {
		return c.origin.port
	}
	return c.ln.Port()
}

func (c *econn) Anonymous() bool { return c.origin != nil && c.origin.Anonymous }

func (c *econn) Stash() []byte {
	s := c.stash
	c.stash = nil
	return s
}

func (c *econn) Rest(until Time) {
	c.until, c.state = until, atRest
	c.loop.by(until)
	if !c.client && !c.closed {
		c.loop.idleUps.push(&c.idle, c, c.loop.now)
	}
}

func (c *econn) Alive() bool {
	c.idle.leave()
	if c.readable && !c.closed && !c.quiet() {
		c.Close()
	}
	if c.closed {
		return false
	}
	c.until, c.state = 0, inTask
	return true
}

// quiet checks that there is nothing to read. Bytes that came before the rest
// began have caused no event since.
func (c *econn) quiet() bool {
	if c.lining != nil {
		c.flow(true)
		return !c.readable
	}
	var b [1]byte
	_, e := rawPeek(c.fd, b[:])
	c.readable = e != unix.EAGAIN
	return !c.readable
}

// settle carries out the verdict of the code that served the connection.
func (c *econn) settle(v Verdict) {
	c.expired = false
	switch {
	case v.Op == Taken:
	case v.Op == Linger && !c.closed:
		c.linger()
	case v.Op == Close && !c.hup && !c.closed && !c.quiet():
		// Closing with unread bytes would reset the connection, and the answer would be
		// lost. The kernel knows of bytes that no event has told of yet.
		c.linger()
	case v.Op == Reset && !c.closed:
		if c.lining != nil {
			c.lining.ended = true // the stream breaks off; it does not end
			c.lining.trim()
		}
		_ = unix.SetsockoptLinger(c.fd, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1})
		c.Close()
	case v.Op != Rest || c.closed || c.loop.finishing && len(v.Stash) == 0:
		c.Close()
	default:
		c.rest(v)
	}
}

func (c *econn) rest(v Verdict) {
	c.stash = v.Stash
	c.Rest(v.Until)
	c.peel()
	c.register()
	switch {
	case c.readable:
		// The last read left something. The loop comes back to it after the other
		// connections.
		c.state = inTask
		c.later(serveConn)
	case len(c.stash) == 0:
		c.loop.idleClients.push(&c.idle, c, c.loop.now)
	}
}

// sweep ends the rest if its time is over, and returns when to call it again; 0
// = no need to.
func (c *econn) sweep() Time {
	switch {
	case c.state == inTask || c.until == 0:
		return 0
	case c.until > c.loop.now || c.loop.endings >= endAtOnce:
		return c.until
	}
	c.loop.endings++
	switch {
	case c.state == atRest && c.client && len(c.stash) > 0:
		c.expired = true
		c.loop.serve(c)
	case c.state == atRest && c.client && !c.quiet():
		c.loop.serve(c) // a request has just come, and closing would reset it
	default:
		c.Close()
	}
	return 0
}
