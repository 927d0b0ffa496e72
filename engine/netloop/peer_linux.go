package netloop

import "golang.org/x/sys/unix"

// peerState asks the kernel. A hang-up is reported for a unix socket whose
// peer has closed and for a TCP connection that was reset, the peer's end of
// stream for one that has only ended its own.
func (c *gconn) peerState() peerState {
	state := peerGone
	_ = c.raw.Control(func(fd uintptr) {
		fds := [1]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN | unix.POLLRDHUP}}
		if _, err := unix.Poll(fds[:], 0); err != nil {
			state = peerQuiet
			return
		}
		switch got := fds[0].Revents; {
		case got&(unix.POLLHUP|unix.POLLERR|unix.POLLNVAL) != 0:
			state = peerGone
		case got&unix.POLLRDHUP != 0:
			state = peerHalf
		case got&unix.POLLIN != 0:
			state = peerSent
		default:
			state = peerQuiet
		}
	})
	return state
}
