package proc

import (
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// TestCatches: a signal without a handler is known, since it would end the process.
func TestCatches(t *testing.T) {
	const status = "Name:\tpython\nSigIgn:\tffffffffffffffff\nSigCgt:\t0000000000004a00\nCapInh:\t0\n"
	assert.True(t, catches([]byte(status), unix.SIGUSR1))
	assert.True(t, catches([]byte(status), unix.SIGTERM))
	assert.False(t, catches([]byte(status), unix.SIGINT))
	assert.False(t, catches([]byte(status), 0))
	assert.False(t, catches([]byte("SigCgt:\tx\n"), unix.SIGUSR1))
	assert.False(t, catches(nil, unix.SIGUSR1))

	self, err := Self()
	require.NoError(t, err)
	assert.True(t, self.Catches(unix.SIGUSR1), "the runtime of Go does")
	cmd := exec.Command("sleep", "1000")
	require.NoError(t, cmd.Start())
	defer func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }()
	child, err := Read(cmd.Process.Pid)
	require.NoError(t, err)
	require.Eventually(t, func() bool { return child.Program() == "sleep" }, time.Minute, time.Millisecond) // it was the program of the test until exec
	assert.False(t, child.Catches(unix.SIGUSR1))
	assert.False(t, (&Process{PID: 1 << 30}).Catches(unix.SIGUSR1))
	assert.Empty(t, (&Process{PID: 1 << 30}).Program())
}
