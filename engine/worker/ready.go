package worker

import (
	"context"
	"errors"
	"net"
	"time"
)

// These constants control how often a starting worker's socket is tried: often
// at first, so that a small app is ready at once, then rarely enough for
// hundreds of workers.
const (
	firstTry = 2 * time.Millisecond
	lastTry  = 50 * time.Millisecond
)

// errExited is the error of awaitSocket when the process has exited.
var errExited = errors.New("exited")

// awaitSocket returns once a connection to the socket succeeds. Before each try it
// calls link, unless that is nil. pid is the process that listens on the socket, or 0
// if the system does not say.
func awaitSocket(ctx context.Context, path string, link func(), exited <-chan struct{}) (pid int, err error) {
	var dialer net.Dialer
	for wait := firstTry; ; wait = min(wait*3/2, lastTry) {
		if link != nil {
			link()
		}
		if conn, err := dialer.DialContext(ctx, "unix", path); err == nil {
			defer conn.Close()
			return listener(conn), nil
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-exited:
			timer.Stop()
			return 0, errExited
		case <-ctx.Done():
			timer.Stop()
			return 0, context.Cause(ctx)
		}
	}
}

// listener returns the id of the process at the other end of conn.
func listener(conn net.Conn) (pid int) {
	unixConn, ok := conn.(*net.UnixConn)
	if !ok {
		return 0
	}
	raw, err := unixConn.SyscallConn()
	if err != nil {
		return 0
	}
	_ = raw.Control(func(fd uintptr) {
		pid = peerOf(int(fd))
	})
	return pid
}
