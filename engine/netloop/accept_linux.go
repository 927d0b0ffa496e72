package netloop

import (
	"net/netip"

	"golang.org/x/sys/unix"
)

const acceptAtOnce = 64

// accept takes connections that wait, acceptAtOnce at the most, and returns
// how many. One that fails for want of descriptors or memory is tried again a
// little later: the listener is fine.
func (l *loop) accept() (n int) {
	for ; n < acceptAtOnce && l.lfd >= 0; n++ {
		fd, peer, err := rawAccept(l.lfd)
		switch err {
		case 0:
			l.start(fd, peer)
		case unix.EAGAIN:
			l.d.acceptLog.caughtUp()
			return n
		case unix.EINTR, unix.ECONNABORTED:
		default:
			l.d.acceptLog.failed(err)
			unix.EpollCtl(l.epfd, unix.EPOLL_CTL_DEL, l.lfd, nil)
			l.listenAt = l.now.Add(acceptBackoff)
			l.by(l.listenAt)
			return n
		}
	}
	return n
}

func (l *loop) start(fd int, peer netip.AddrPort) {
	c := l.newConn(fd, true)
	c.peer = peer
	l.clients++
	if f := l.d.opts.FirstWait; f != nil {
		c.until = l.now.Add(f())
		l.by(c.until)
	}
	// Its request is often there already: try, before the kernel is asked
	// to watch it.
	l.serve(c)
}
