//go:build !portable

package netloop

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// sysRead and sysWrite never sleep, so the scheduler need not be told.

func sysRead(fd int, p []byte) (int, syscall.Errno)  { return rawRead(fd, p) }
func sysWrite(fd int, p []byte) (int, syscall.Errno) { return rawWrite(fd, p) }

const seesUnacked = true

// unacked returns how many bytes written to a socket its peer has not taken
// yet. It returns 0 if the kernel does not tell, which looks like no progress.
func unacked(fd int) int64 {
	n, err := unix.IoctlGetInt(fd, unix.SIOCOUTQ)
	if err != nil {
		return 0
	}
	return int64(n)
}
