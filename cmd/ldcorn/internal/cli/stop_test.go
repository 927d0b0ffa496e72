//go:build linux

package cli

import (
	"context"
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAwaitEnd(t *testing.T) {
	cmd := exec.Command("sleep", "600")
	require.NoError(t, cmd.Start())
	ended, err := watchEnd(cmd.Process.Pid)
	require.NoError(t, err)
	defer ended.Close()

	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- ended.await(t.Context()) }()
	require.NoError(t, cmd.Process.Kill())
	require.NoError(t, <-done)
	require.Error(t, cmd.Wait())

	cancel()
	require.ErrorIs(t, ended.await(ctx), context.Canceled, "not what was asked for any more")
}

func TestAwaitEnd_GivenUp(t *testing.T) {
	self, err := watchEnd(os.Getpid())
	require.NoError(t, err)
	defer self.Close()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- self.await(ctx) }()
	cancel()
	require.ErrorIs(t, <-done, context.Canceled)
}
