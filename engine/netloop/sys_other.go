//go:build !linux

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

// rawSpare returns the lowest number that no descriptor has, or -1. It needs
// one that is open.
func rawSpare(open int) int {
	syscall.ForkLock.RLock() // no child may get it
	defer syscall.ForkLock.RUnlock()
	fd, err := syscall.Dup(open)
	if err != nil {
		return -1
	}
	_ = syscall.Close(fd)
	return fd
}

const seesUnacked = false

// unacked is not asked of this system: no progress is seen but by its poller.
func unacked(int) int64 { return 0 }
