//go:build !portable

package netloop

import (
	"net"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// quiet reports whether there is nothing to read, not even the end of the
// stream. It is the cheapest check of an idle connection, made before each use.
func (c *gconn) quiet() bool {
	c.isQuiet = false
	_ = c.raw.Control(c.look)
	return c.isQuiet
}

// tryQuiet is called through look: a closure would allocate at every use.
func (c *gconn) tryQuiet(fd uintptr) {
	var b [1]byte
	_, _, e := syscall.RawSyscall6(syscall.SYS_RECVFROM, fd, uintptr(unsafe.Pointer(&b[0])), 1, unix.MSG_PEEK, 0, 0)
	c.isQuiet = e == unix.EAGAIN
}

// peerState asks the kernel. The kernel reports a hang-up for a unix socket
// whose peer has closed and for a TCP connection that was reset. It reports the
// end of the stream for a peer that has only ended its own.
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

// hasBacklog reports whether a connection is waiting to be accepted.
func hasBacklog(ln net.Listener) (waits bool) {
	sc, ok := ln.(syscall.Conn)
	if !ok {
		return false
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return false
	}
	_ = raw.Control(func(fd uintptr) {
		fds := [1]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
		n, err := unix.Poll(fds[:], 0)
		waits = err == nil && n > 0
	})
	return waits
}
