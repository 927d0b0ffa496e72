package terminal

import (
	"context"
	"io"
	"io/fs"

	"golang.org/x/sys/unix"

	"github.com/ldcorn/ldcorn/engine/visible"
)

// readerPoll bounds how late stop returns, in milliseconds.
const readerPoll = 100

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
	done := make(chan struct{})
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			// A poll for no events reports errors and the end alone.
			if n, err := unix.Poll([]unix.PollFd{{Fd: int32(f.Fd())}}, readerPoll); n > 0 || err != nil && err != unix.EINTR {
				cancel()
			}
		}
	}()
	return ctx, func() {
		cancel()
		<-done
	}
}
