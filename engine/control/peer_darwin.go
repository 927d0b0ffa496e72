package control

import "golang.org/x/sys/unix"

func peerOf(fd int) (*PeerProcess, error) {
	cred, err := unix.GetsockoptXucred(fd, unix.SOL_LOCAL, unix.LOCAL_PEERCRED)
	if err != nil {
		return nil, err
	}
	pid, err := unix.GetsockoptInt(fd, unix.SOL_LOCAL, unix.LOCAL_PEERPID)
	if err != nil {
		return nil, err
	}
	return &PeerProcess{PID: pid, UID: cred.Uid}, nil
}
