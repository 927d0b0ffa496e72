package control

import (
	"log/slog"
	"net"
	"os"
)

// guarded accepts connections only from the master's own user and from root. The
// mode of the socket and its directory already keep others out. This check still
// works if somebody has changed those, or has passed the socket on.
type guarded struct {
	*net.UnixListener
	log *slog.Logger
}

func (g *guarded) Accept() (net.Conn, error) {
	for {
		conn, err := g.AcceptUnix()
		if err != nil {
			return nil, err
		}
		peer, err := Peer(conn)
		if err == nil && allowed(peer.UID) {
			return conn, nil
		}
		if err == nil {
			g.log.Warn("control connection refused", "uid", peer.UID, "pid", peer.PID)
		}
		conn.Close()
	}
}

func allowed(uid uint32) bool { return uid == 0 || int(uid) == os.Geteuid() }

// A PeerProcess is the process at the other end of a unix socket.
type PeerProcess struct {
	PID int // as the kernel numbers it for us; 0 if it is not in our pid namespace
	UID uint32
}

// Peer asks the kernel which process is at the other end of a connection.
func Peer(conn *net.UnixConn) (peer *PeerProcess, err error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return nil, err
	}
	if e := raw.Control(func(fd uintptr) {
		peer, err = peerOf(int(fd))
	}); e != nil {
		return nil, e
	}
	return peer, err
}
