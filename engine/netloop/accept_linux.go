package netloop

import (
	"net/netip"
	"slices"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// A socket is a listener of the epoll driver. Every loop accepts on it.
type socket struct {
	*Listener
	fd      int          // of the Listener, which keeps it open
	id      uint32       // in the events of the loops
	accepts atomic.Int32 // loops that still accept
}

// left is called by each loop that no longer accepts. The last one closes the
// listener: who connects from then on is refused.
func (s *socket) left() {
	if s.accepts.Add(-1) == 0 {
		s.Close()
	}
}

// A door is a socket as one loop sees it.
type door struct {
	*socket
	openAt Time // when to accept again after a failure; 0 = accepting
}

const acceptAtOnce = 64

// door returns the index of a socket's door, or -1.
func (l *loop) door(id uint32) int {
	return slices.IndexFunc(l.doors, func(d *door) bool { return d.id == id })
}

// listen begins to accept on a socket.
func (l *loop) listen(s *socket) {
	d := &door{socket: s}
	l.doors = append(l.doors, d)
	l.admit(d)
}

// admit has the kernel tell of who waits to be accepted. Where it cannot, it
// is asked again a little later.
func (l *loop) admit(d *door) {
	d.openAt = 0
	if l.add(d.fd, unix.EPOLLIN|unix.EPOLLEXCLUSIVE, listenSlot, d.id) != nil {
		d.openAt = l.now.Add(acceptBackoff)
		l.by(d.openAt)
	}
}

// reopen accepts again where the time has come for it, and returns when to come
// again.
func (l *loop) reopen() Time {
	next := never
	for _, d := range l.doors {
		if d.openAt != 0 && d.openAt <= l.now {
			l.admit(d)
		}
		if d.openAt != 0 {
			next = min(next, d.openAt)
		}
	}
	return next
}

// leave ends the accepting on a socket. Who has connected before is served: the
// kernel has told him so. Those who go on connecting get no more than
// backlogLimit out of it.
func (l *loop) leave(s *socket) {
	i := l.door(s.id)
	if i < 0 {
		return
	}
	d := l.doors[i]
	for limit := Now().Add(backlogLimit); l.accept(d) == acceptAtOnce && Now() < limit; {
	}
	if d.openAt == 0 {
		unix.EpollCtl(l.epfd, unix.EPOLL_CTL_DEL, d.fd, nil)
	}
	l.doors = slices.Delete(l.doors, i, i+1)
	s.left()
}

// accept takes connections that wait, acceptAtOnce at the most, and returns
// how many. For want of descriptors or memory it stops, and goes on a little
// later: the listener is fine.
func (l *loop) accept(d *door) (n int) {
	for ; n < acceptAtOnce; n++ {
		if l.now < l.shortTill && !l.makeRoom(d.fd) {
			l.pause(d, errReserved)
			return n
		}
		fd, peer, err := rawAccept(d.fd)
		switch err {
		case 0:
			if fd >= l.d.fds.clients() {
				l.shortTill = l.now.Add(shortTime)
				l.shedClient()
			}
			l.start(fd, peer, d.Listener)
		case unix.EAGAIN:
			d.log.caughtUp()
			return n
		case unix.EINTR, unix.ECONNABORTED:
		default:
			l.shortTill = l.now.Add(shortTime)
			l.pause(d, err)
			return n
		}
	}
	return n
}

// makeRoom reports whether there is a descriptor for another client: one that
// is free, or that of a client which is idle. It needs one that is open.
func (l *loop) makeRoom(open int) bool {
	if fd := rawSpare(open); fd >= 0 && fd < l.d.fds.clients() || l.shedClient() {
		return true
	}
	l.shedElsewhere()
	return false
}

// pause stops accepting on a socket for a little.
func (l *loop) pause(d *door, err error) {
	d.log.failed(err)
	if d.openAt == 0 {
		unix.EpollCtl(l.epfd, unix.EPOLL_CTL_DEL, d.fd, nil)
	}
	d.openAt = l.now.Add(acceptBackoff)
	l.by(d.openAt)
}

// start serves a client that was accepted.
func (l *loop) start(fd int, peer netip.AddrPort, ln *Listener) {
	c := l.newConn(fd, true)
	c.peer, c.ln = peer, ln
	l.clients++
	if f := l.d.opts.FirstWait; f != nil {
		c.until = l.now.Add(f())
		l.by(c.until)
	}
	if !c.line() {
		c.rest(Verdict{Op: Rest, Until: c.until})
		return
	}
	// Its request is often there already: try, before the kernel is asked
	// to watch it.
	l.serve(c)
}
