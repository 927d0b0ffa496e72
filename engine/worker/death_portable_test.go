//go:build !linux || portable

package worker

import (
	"os/exec"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAwaitDeath(t *testing.T) {
	p := newProcess(exec.Command("/bin/sh", "-c", "exit 3"))
	require.NoError(t, p.cmd.Start())
	p.handle = handle{}
	p.awaitDeath()
	require.NoError(t, syscall.Kill(p.PID(), 0), "it was not reaped")
	require.Error(t, p.cmd.Wait())
	require.Equal(t, 3, p.cmd.ProcessState.ExitCode())
}

// leading makes a process lead a group of its own.
func leading() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
