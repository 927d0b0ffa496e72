//go:build !linux || portable

package netloop

import "syscall"

// sever ends both directions of a unix socket.
func sever(fd int) { _ = syscall.Shutdown(fd, syscall.SHUT_RDWR) }
