package main

import (
	"context"
	"io"
	"io/fs"

	"golang.org/x/sys/unix"

	"github.com/ldcorn/ldcorn/engine/visible"
)

// readerPoll is how long the end of what writes to a pipe may be held up, in
// milliseconds.
const readerPoll = 100

// whileRead returns a context that also ends when nobody reads out any more: a
// pipe into head tells that to a write only, and the next one may be far off.
// stop must be called.
func whileRead(ctx context.Context, out io.Writer) (_ context.Context, stop func()) {
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
			// Without events it is told of errors and ends alone.
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
