package worker

import "golang.org/x/sys/unix"

// peerOf returns the id of the process that listens at the other end of a unix
// socket, or 0.
func peerOf(fd int) int {
	pid, err := unix.GetsockoptInt(fd, unix.SOL_LOCAL, unix.LOCAL_PEERPID)
	if err != nil {
		return 0
	}
	return pid
}
