package terminal

import (
	"context"
	"io"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"

	"github.com/ldcorn/ldcorn/engine/visible"
)

// WhileRead returns a context that also ends when nobody reads out any more.
// Only a write tells that of a pipe into head, and the next one may be far
// off. The caller must call stop.
func WhileRead(ctx context.Context, out io.Writer) (_ context.Context, stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	f := visible.File(out)
	if f == nil {
		return ctx, cancel
	}
	info, err := f.Stat()
	if err != nil || info.Mode()&(fs.ModeNamedPipe|fs.ModeSocket) == 0 {
		return ctx, cancel
	}
	wake, stopped, err := os.Pipe()
	if err != nil {
		return ctx, cancel
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer wake.Close()
		if awaitReaderOr(f, wake) {
			cancel()
		}
	}()
	return ctx, func() {
		cancel()
		stopped.Close() // wakes it
		<-done
	}
}

// awaitReaderOr waits until nobody reads out any more, or the other end of wake is
// closed. It reports whether the reader has gone.
func awaitReaderOr(out, wake *os.File) bool {
	for {
		// A poll for no events reports errors and the end alone.
		fds := []unix.PollFd{{Fd: int32(out.Fd())}, {Fd: int32(wake.Fd())}}
		n, err := unix.Poll(fds, -1)
		switch {
		case err == unix.EINTR, err == nil && n == 0:
		case err != nil:
			return true
		case fds[1].Revents != 0:
			return false
		case fds[0].Revents != 0:
			return true
		}
	}
}
