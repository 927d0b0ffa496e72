package netloop

import "syscall"

// descriptor returns the number of a connection's descriptor, or -1.
func descriptor(c any) int {
	fd := -1
	if sc, ok := c.(syscall.Conn); ok {
		if raw, err := sc.SyscallConn(); err == nil {
			_ = raw.Control(func(n uintptr) { fd = int(n) })
		}
	}
	return fd
}

// spareOf returns the lowest number that no descriptor has, or -1. It needs a
// listener that is open.
func spareOf(ln any) int {
	spare := -1
	if sc, ok := ln.(syscall.Conn); ok {
		if raw, err := sc.SyscallConn(); err == nil {
			_ = raw.Control(func(n uintptr) { spare = rawSpare(int(n)) })
		}
	}
	return spare
}
