//go:build !portable

package netloop

import "golang.org/x/sys/unix"

// sever ends both directions of a unix socket. On Linux, bytes that the peer
// has already written can still be read, and the peer's later writes fail.
func sever(fd int) { _ = unix.Shutdown(fd, unix.SHUT_RDWR) }

// sever ends the loop's connections to an upstream. The kernel reports it like
// a close by the peer, so the users of the connections learn of it in the usual
// way.
func (l *loop) sever(u *Upstream) {
	l.post(func() {
		for _, c := range l.conns {
			if c != nil && c.to == u {
				sever(c.fd)
			}
		}
	})
}
