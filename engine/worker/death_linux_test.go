//go:build !portable

package worker

import (
	"os/exec"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAwaitDeath_WithoutDescriptor(t *testing.T) {
	p := newProcess(exec.Command("/bin/sh", "-c", "exit 3"))
	require.NoError(t, p.cmd.Start())
	p.handle = handle{pidfd: -1}
	p.awaitDeath()
	require.NoError(t, syscall.Kill(p.PID(), 0), "it was not reaped")
	require.Error(t, p.cmd.Wait())
	require.Equal(t, 3, p.cmd.ProcessState.ExitCode())
}

// leading makes a process lead a group of its own and end with the test.
func leading() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
