//go:build linux

package cli

import (
	"context"
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

func TestAwaitEnd(t *testing.T) {
	cmd := exec.Command("sleep", "600")
	require.NoError(t, cmd.Start())
	fd, err := unix.PidfdOpen(cmd.Process.Pid, unix.PIDFD_NONBLOCK)
	require.NoError(t, err)
	ended := os.NewFile(uintptr(fd), "pidfd")
	defer ended.Close()

	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- awaitEnd(t.Context(), ended) }()
	require.NoError(t, cmd.Process.Kill())
	require.NoError(t, <-done)
	require.Error(t, cmd.Wait())

	cancel()
	require.ErrorIs(t, awaitEnd(ctx, ended), context.Canceled, "not what was asked for any more")
}

func TestAwaitEnd_GivenUp(t *testing.T) {
	fd, err := unix.PidfdOpen(os.Getpid(), unix.PIDFD_NONBLOCK)
	require.NoError(t, err)
	self := os.NewFile(uintptr(fd), "pidfd")
	defer self.Close()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- awaitEnd(ctx, self) }()
	cancel()
	require.ErrorIs(t, <-done, context.Canceled)
}
