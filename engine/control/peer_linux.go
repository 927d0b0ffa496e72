package control

import "golang.org/x/sys/unix"

func peerOf(fd int) (*PeerProcess, error) {
	cred, err := unix.GetsockoptUcred(fd, unix.SOL_SOCKET, unix.SO_PEERCRED)
	if err != nil {
		return nil, err
	}
	return &PeerProcess{PID: int(cred.Pid), UID: cred.Uid}, nil
}
