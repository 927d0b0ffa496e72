package netloop

import "syscall"

// descriptor returns the number of the descriptor of c, or -1.
func descriptor(c any) int {
	fd := -1
	if sc, ok := c.(syscall.Conn); ok {
		if raw, err := sc.SyscallConn(); err == nil {
			_ = raw.Control(func(n uintptr) { fd = int(n) })
		}
	}
	return fd
}

// spareOf returns the lowest number that no descriptor has, or -1. ln must be
// an open listener.
func spareOf(ln any) int {
	spare := -1
	if sc, ok := ln.(syscall.Conn); ok {
		if raw, err := sc.SyscallConn(); err == nil {
			_ = raw.Control(func(n uintptr) { spare = rawSpare(int(n)) })
		}
	}
	return spare
}
