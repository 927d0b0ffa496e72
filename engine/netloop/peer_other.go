//go:build !linux || portable

package netloop

import (
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

func (c *gconn) quiet() bool { return c.peerState() == peerQuiet }

func (c *gconn) tryQuiet(uintptr) {}

// peerState asks whether writes can still succeed, and then peeks: a reset, and
// the close of a unix socket, end both directions, also behind bytes that were
// not read.
func (c *gconn) peerState() peerState {
	state := peerGone
	_ = c.raw.Control(func(fd uintptr) {
		if takesNothing(fd) {
			return
		}
		var b [1]byte
		n, _, err := syscall.Recvfrom(int(fd), b[:], syscall.MSG_PEEK)
		switch {
		case err == syscall.EAGAIN || err == syscall.EINTR:
			state = peerQuiet
		case err != nil:
			state = peerGone
		case n > 0:
			state = peerSent
		default:
			state = peerHalf
		}
	})
	return state
}

// takesNothing reports whether the kernel knows that every write will fail. It
// asks about writing only, because BSD reports a hang-up for reading at the end
// of the peer's stream.
func takesNothing(fd uintptr) bool {
	fds := [1]unix.PollFd{{Fd: int32(fd), Events: unix.POLLOUT}}
	n, err := unix.Poll(fds[:], 0)
	return err == nil && n > 0 && fds[0].Revents&(unix.POLLHUP|unix.POLLERR|unix.POLLNVAL) != 0
}

// hasBacklog always returns false, because this system does not tell: clients
// that still wait when backlogTime is over are not served.
func hasBacklog(net.Listener) bool { return false }
