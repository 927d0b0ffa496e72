package netloop

import (
	"net/netip"

	"golang.org/x/sys/unix"
)

const acceptAtOnce = 64

// accept takes connections that wait, acceptAtOnce at the most, and returns
// how many. For want of descriptors or memory it stops, and goes on a little
// later: the listener is fine.
func (l *loop) accept() (n int) {
	for ; n < acceptAtOnce && l.lfd >= 0; n++ {
		if l.now < l.shortTill && !l.makeRoom() {
			l.pause(errReserved)
			return n
		}
		fd, peer, err := rawAccept(l.lfd)
		switch err {
		case 0:
			if fd >= l.d.fds.clients() {
				l.shortTill = l.now.Add(shortTime)
				l.shedClient()
			}
			l.start(fd, peer)
		case unix.EAGAIN:
			l.d.acceptLog.caughtUp()
			return n
		case unix.EINTR, unix.ECONNABORTED:
		default:
			l.shortTill = l.now.Add(shortTime)
			l.pause(err)
			return n
		}
	}
	return n
}

// makeRoom reports whether there is a descriptor for another client: one that
// is free, or that of a client which is idle.
func (l *loop) makeRoom() bool {
	if fd := rawSpare(l.lfd); fd >= 0 && fd < l.d.fds.clients() || l.shedClient() {
		return true
	}
	l.shedElsewhere()
	return false
}

// pause stops accepting for a little.
func (l *loop) pause(err error) {
	l.d.acceptLog.failed(err)
	unix.EpollCtl(l.epfd, unix.EPOLL_CTL_DEL, l.lfd, nil)
	l.listenAt = l.now.Add(acceptBackoff)
	l.by(l.listenAt)
}

func (l *loop) start(fd int, peer netip.AddrPort) {
	c := l.newConn(fd, true)
	c.peer = peer
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
