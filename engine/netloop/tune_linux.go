//go:build !portable

package netloop

import (
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// deferSeconds is how long a silent connection waits before it is accepted, in
// seconds: the shortest possible time.
const deferSeconds = 1

// undefer makes the system accept silent connections, too. It reports whether there
// can be some that it kept back.
func undefer(ln net.Listener) bool {
	if _, ok := ln.Addr().(*net.TCPAddr); !ok {
		return false
	}
	sc, ok := ln.(syscall.Conn)
	if !ok {
		return false
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return false
	}
	failed := raw.Control(func(f uintptr) {
		err = unix.SetsockoptInt(int(f), unix.IPPROTO_TCP, unix.TCP_DEFER_ACCEPT, 0)
	})
	return failed == nil && err == nil
}

// tune sets options on a listener that its connections inherit, which is
// cheaper than setting them on each connection. A failure only costs a little
// speed.
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
		// We get a connection together with its first bytes: the first read finds
		// them, and the kernel need not watch the connection before. A connection
		// that stays silent comes after a second (tcp(7), TCP_DEFER_ACCEPT), and
		// one that ends at once, as in some health checks, comes with its end.
		_ = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_DEFER_ACCEPT, deferSeconds)
		if addr.IP.IsLoopback() {
			// Loopback has no path to model: BBR, on systems that use it by
			// default, costs a microsecond per answer for nothing.
			_ = unix.SetsockoptString(fd, unix.IPPROTO_TCP, unix.TCP_CONGESTION, "reno")
		}
	})
}
