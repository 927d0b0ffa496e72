package netloop

import (
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// deferSeconds is how long a connection may be silent before it is accepted:
// the shortest time there is.
const deferSeconds = 1

// tune sets on a listener what its connections inherit: once, rather than on
// every one of them. A failure only costs a little speed.
func tune(ln net.Listener) {
	addr, ok := ln.Addr().(*net.TCPAddr)
	if !ok {
		return
	}
	sc, ok := ln.(syscall.Conn)
	if !ok {
		return
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return
	}
	_ = raw.Control(func(f uintptr) {
		fd := int(f)
		_ = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)
		// A connection is given to us with its first bytes: the first read
		// finds them, and the kernel need not watch it before. One that stays
		// silent comes after a second (tcp(7), TCP_DEFER_ACCEPT), and one that
		// ends at once, as some health checks do, comes with its end.
		_ = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_DEFER_ACCEPT, deferSeconds)
		if addr.IP.IsLoopback() {
			// There is no path to model: BBR, where it is the system's
			// default, takes a microsecond per answer for nothing.
			_ = unix.SetsockoptString(fd, unix.IPPROTO_TCP, unix.TCP_CONGESTION, "reno")
		}
	})
}
