package control

import (
	"log/slog"
	"net"
	"os"

	"golang.org/x/sys/unix"
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
		if err == nil && allowed(peer.Uid) {
			return conn, nil
		}
		if err == nil {
			g.log.Warn("control connection refused", "uid", peer.Uid, "pid", peer.Pid)
		}
		conn.Close()
	}
}

func allowed(uid uint32) bool { return uid == 0 || int(uid) == os.Geteuid() }

// Peer asks the kernel which process is at the other end of a connection.
func Peer(conn *net.UnixConn) (peer *unix.Ucred, err error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return nil, err
	}
	if e := raw.Control(func(fd uintptr) {
		peer, err = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
	}); e != nil {
		return nil, e
	}
	return peer, err
}
