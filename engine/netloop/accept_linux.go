//go:build !portable

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
	fd      int          // owned by the Listener, which keeps it open
	id      uint32       // identifies the socket in the events of the loops
	accepts atomic.Int32 // loops that still accept
}

// left is called by each loop when it stops accepting. The last call closes the
// listener, and the kernel refuses later connections.
func (s *socket) left() {
	if s.accepts.Add(-1) == 0 {
		s.Close()
	}
}

// A door is one loop's view of a socket.
type door struct {
	*socket
	openAt Time // when to accept again after a failure; 0 = accepting
}

const acceptAtOnce = 64

// door returns the index of a socket's door, or -1.
func (l *loop) door(id uint32) int {
	return slices.IndexFunc(l.doors, func(d *door) bool { return d.id == id })
}

// listen starts accepting on a socket.
func (l *loop) listen(s *socket) {
	d := &door{socket: s}
	l.doors = append(l.doors, d)
	l.admit(d)
}

// admit asks the kernel to report clients that wait to be accepted. If that
// fails, the loop tries again a little later.
func (l *loop) admit(d *door) {
	d.openAt = 0
	if l.add(d.fd, unix.EPOLLIN|unix.EPOLLEXCLUSIVE, listenSlot, d.id) != nil {
		d.openAt = l.now.Add(acceptBackoff)
		l.by(d.openAt)
	}
}

// reopen resumes accepting on each door whose pause is over, and returns when
// to call it again.
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

// leave stops accepting on a socket. It first serves the clients that have
// already connected, because the kernel has told them so. Clients that keep
// connecting can extend this by at most backlogLimit.
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

// accept takes up to acceptAtOnce waiting connections and returns how many it
// took. If descriptors or memory run out, it stops and resumes a little later:
// the listener is fine.
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

// makeRoom reports whether there is a descriptor for another client: a free
// one, or one taken from an idle client. It needs an open descriptor.
func (l *loop) makeRoom(open int) bool {
	if fd := rawSpare(open); fd >= 0 && fd < l.d.fds.clients() || l.shedClient() {
		return true
	}
	l.shedElsewhere()
	return false
}

// pause stops accepting on a socket for a short time.
func (l *loop) pause(d *door, err error) {
	d.log.failed(err)
	if d.openAt == 0 {
		unix.EpollCtl(l.epfd, unix.EPOLL_CTL_DEL, d.fd, nil)
	}
	d.openAt = l.now.Add(acceptBackoff)
	l.by(d.openAt)
}

// start begins to serve an accepted client.
func (l *loop) start(fd int, peer netip.AddrPort, ln *Listener) {
	c := l.newConn(fd, true)
	c.peer, c.ln = peer, ln
	l.clients++
	ln.open.Add(1)
	if f := l.d.opts.FirstWait; f != nil {
		c.until = l.now.Add(f())
		l.by(c.until)
	}
	if !c.line() {
		c.rest(Verdict{Op: Rest, Until: c.until})
		return
	}
	// The request is often there already, so try before asking the kernel to
	// watch the connection.
	l.serve(c)
}
