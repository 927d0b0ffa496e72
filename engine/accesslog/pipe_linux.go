package accesslog

import (
	"os"

	"golang.org/x/sys/unix"
)

// pipeSize is what the system lets every user have.
const pipeSize = 1 << 20

// widen makes room in a pipe. A busy event loop lets the log's goroutine run about a hundred
// times in a second, and the usual 64 KiB would then bound the log to 6 MB per second,
// however fast its reader is. It changes nothing if f is no pipe, or has more room.
func widen(f *os.File) {
	conn, err := f.SyscallConn()
	if err != nil {
		return
	}
	_ = conn.Control(func(fd uintptr) {
		if now, err := unix.FcntlInt(fd, unix.F_GETPIPE_SZ, 0); err == nil && now < pipeSize {
			_, _ = unix.FcntlInt(fd, unix.F_SETPIPE_SZ, pipeSize) // it works without, too
		}
	})
}
