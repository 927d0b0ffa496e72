//go:build !linux || portable

package netloop

import (
	"net"
	"syscall"
)

func (c *gconn) quiet() bool { return c.peerState() == peerQuiet }

func (c *gconn) tryQuiet(uintptr) {}

// peerState peeks: without the hang-up flags of Linux, it cannot tell a peer
// that has ended its stream from a peer that is gone, until a write is reset.
func (c *gconn) peerState() peerState {
	state := peerGone
	_ = c.raw.Control(func(fd uintptr) {
		var b [1]byte
		n, _, err := syscall.Recvfrom(int(fd), b[:], syscall.MSG_PEEK)
		switch {
		case err == syscall.EAGAIN || err == syscall.EINTR:
			state = peerQuiet
		case err != nil:
			state = peerGone
		case n == 0:
			state = peerHalf
		default:
			state = peerSent
		}
	})
	return state
}

// hasBacklog always returns false, because this system does not tell: clients
// that still wait when backlogTime is over are not served.
func hasBacklog(net.Listener) bool { return false }
