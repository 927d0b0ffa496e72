//go:build !portable

package cli

import (
	"context"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// An endWatch watches a process that is not our child, with its pid descriptor.
type endWatch struct{ *os.File }

// watchEnd watches the process that has a pid now.
func watchEnd(pid int) (endWatch, error) {
	fd, err := unix.PidfdOpen(pid, unix.PIDFD_NONBLOCK)
	if err != nil {
		return endWatch{}, err
	}
	return endWatch{os.NewFile(uintptr(fd), "pidfd")}, nil
}

// await waits until the descriptor is readable, which means that its process has
// ended.
func (w endWatch) await(ctx context.Context) error {
	conn, err := w.SyscallConn()
	if err != nil {
		return err
	}
	defer context.AfterFunc(ctx, func() { _ = w.SetReadDeadline(time.Now()) })()
	err = conn.Read(func(fd uintptr) bool {
		fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
		n, _ := unix.Poll(fds, 0)
		return n > 0
	})
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}
