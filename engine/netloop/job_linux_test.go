//go:build !portable

package netloop_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/ldcorn/ldcorn/engine/netloop"
)

// full returns an upstream on a unix socket whose backlog is full.
func full(t *testing.T) *netloop.Upstream {
	t.Helper()
	sock := filepath.Join(t.TempDir(), "full.sock")
	to := &unix.SockaddrUnix{Name: sock}
	open := func() int {
		fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
		require.NoError(t, err)
		t.Cleanup(func() { unix.Close(fd) })
		return fd
	}
	ln := open()
	require.NoError(t, unix.Bind(ln, to))
	require.NoError(t, unix.Listen(ln, 0))
	for {
		if err := unix.Connect(open(), to); err != nil {
			require.ErrorIs(t, err, unix.EAGAIN)
			return netloop.NewUpstream(sock)
		}
	}
}

// TestJobCancelDial checks that Cancel also ends a Dial that waits for room in
// a backlog.
func TestJobCancelDial(t *testing.T) {
	up := full(t)
	drivers(t, func(t *testing.T, name string) {
		begun, result := make(chan netloop.Job, 1), make(chan error, 1)
		inTask(t, name, netloop.Options{}, func(task netloop.Task) {
			begun <- task.Go(func(job netloop.Task) {
				_, err := job.Dial(up, 0)
				result <- err
			})
		})
		(<-begun).Cancel()
		assert.ErrorIs(t, <-result, netloop.ErrGone)
	})
}
