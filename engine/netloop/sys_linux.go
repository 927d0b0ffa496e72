package netloop

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// sysRead and sysWrite never sleep, so the scheduler need not be told.

func sysRead(fd int, p []byte) (int, syscall.Errno)  { return rawRead(fd, p) }
func sysWrite(fd int, p []byte) (int, syscall.Errno) { return rawWrite(fd, p) }

const seesUnacked = true

// unacked is how many bytes of what was written to a socket its peer has not
// taken yet; 0 where the kernel does not say, which looks like no progress.
func unacked(fd int) int64 {
	n, err := unix.IoctlGetInt(fd, unix.SIOCOUTQ)
	if err != nil {
		return 0
	}
	return int64(n)
}
