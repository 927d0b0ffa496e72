//go:build !linux || portable

package netloop

import (
	"errors"
	"syscall"
)

func sysRead(fd int, p []byte) (int, syscall.Errno)  { return errno(syscall.Read(fd, p)) }
func sysWrite(fd int, p []byte) (int, syscall.Errno) { return errno(syscall.Write(fd, p)) }

func errno(n int, err error) (int, syscall.Errno) {
	var e syscall.Errno
	errors.As(err, &e)
	return n, e
}

// rawSpare returns the lowest number that no descriptor has, or -1. It
// duplicates open, which must be an open descriptor.
func rawSpare(open int) int {
	syscall.ForkLock.RLock() // no child may inherit it
	defer syscall.ForkLock.RUnlock()
	fd, err := syscall.Dup(open)
	if err != nil {
		return -1
	}
	_ = syscall.Close(fd)
	return fd
}

const seesUnacked = false

// unacked always returns 0, because this system does not tell: only the poller
// shows progress.
func unacked(int) int64 { return 0 }
