package worker

import (
	"context"
	"errors"
	"net"
	"time"
)

// How often a starting worker's socket is tried: soon at first, so that a
// small app is ready at once, then rarely enough for hundreds of workers.
const (
	firstTry = 2 * time.Millisecond
	lastTry  = 50 * time.Millisecond
)

// errExited is returned by awaitSocket when the process has ended.
var errExited = errors.New("exited")

// awaitSocket returns nil once a connection to the socket succeeds.
func awaitSocket(ctx context.Context, path string, exited <-chan struct{}) error {
	var dialer net.Dialer
	for wait := firstTry; ; wait = min(wait*3/2, lastTry) {
		if conn, err := dialer.DialContext(ctx, "unix", path); err == nil {
			conn.Close()
			return nil
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-exited:
			timer.Stop()
			return errExited
		case <-ctx.Done():
			timer.Stop()
			return context.Cause(ctx)
		}
	}
}
