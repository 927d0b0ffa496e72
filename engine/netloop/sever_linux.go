package netloop

import "golang.org/x/sys/unix"

// sever ends both directions of a unix socket. Linux still lets what the peer
// has written before be read, and fails the peer's later writes.
func sever(fd int) { _ = unix.Shutdown(fd, unix.SHUT_RDWR) }

// sever ends the connections of the loop to an upstream. The kernel reports it
// as it reports that the peer has closed, so whoever has the connection learns
// it in the usual way.
func (l *loop) sever(u *Upstream) {
	l.post(func() {
		for _, c := range l.conns {
			if c != nil && c.to == u {
				sever(c.fd)
			}
		}
	})
}
