package worker

import "golang.org/x/sys/unix"

// peerOf returns the id of the process that listens at the other end of a unix
// socket, or 0.
func peerOf(fd int) int {
	cred, err := unix.GetsockoptUcred(fd, unix.SOL_SOCKET, unix.SO_PEERCRED)
	if err != nil {
		return 0
	}
	return int(cred.Pid)
}
