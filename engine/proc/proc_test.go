//go:build linux

package proc

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// TestRead: a program's name can contain anything, even the delimiters of the
// format.
func TestRead(t *testing.T) {
	name := filepath.Join(t.TempDir(), ") S 1 (x")
	sleep, err := exec.LookPath("sleep")
	require.NoError(t, err)
	data, err := os.ReadFile(sleep)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(name, data, 0o700))
	cmd := exec.Command(name, "600")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	require.NoError(t, cmd.Start())
	defer func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // killed
	}()
	pid := cmd.Process.Pid
	p, err := Read(pid)
	require.NoError(t, err)
	assert.NotZero(t, p.Start)
	assert.NotZero(t, p.Flags)
	assert.NotZero(t, p.State)
	p.Start, p.Flags, p.State = 0, 0, 0
	assert.Equal(t, Process{PID: pid, Parent: os.Getpid(), Group: pid, Session: pid}, p)

	_, err = Read(1 << 30)
	assert.ErrorIs(t, err, os.ErrNotExist)
}

func TestProcess(t *testing.T) {
	cmd := exec.Command("sleep", "600")
	cmd.Env = append(os.Environ(), "LDCORN_TEST_MARK=a=b")
	require.NoError(t, cmd.Start())
	p, err := Read(cmd.Process.Pid)
	require.NoError(t, err)
	assert.Equal(t, os.Getpid(), p.Parent)
	assert.Equal(t, os.Geteuid(), p.UID())
	assert.True(t, p.SameNamespace())
	value, ok := p.Env("LDCORN_TEST_MARK")
	assert.Equal(t, "a=b", value)
	assert.True(t, ok)
	_, ok = p.Env("LDCORN_TEST")
	assert.False(t, ok, "the beginning of a name")
	assert.True(t, Lives(p.PID, p.Start))
	assert.False(t, Lives(p.PID, p.Start+1))
	all := All()
	assert.Contains(t, pids(Below(all, os.Getpid())), p.PID)
	assert.True(t, Above(all, p.PID)[os.Getpid()])
	assert.False(t, Above(all, os.Getpid())[p.PID])

	reused := p
	reused.Start++
	require.ErrorIs(t, reused.Signal(unix.SIGKILL), os.ErrProcessDone, "it is not the one that was looked at")
	require.True(t, Lives(p.PID, p.Start))
	require.NoError(t, p.Signal(unix.SIGKILL))
	require.Error(t, cmd.Wait())
	require.ErrorIs(t, p.Signal(unix.SIGKILL), os.ErrProcessDone)
	_, err = Read(p.PID)
	require.ErrorIs(t, err, os.ErrNotExist)
}

func pids(all []Process) []int {
	var out []int
	for _, p := range all {
		out = append(out, p.PID)
	}
	return out
}

func TestBelow_EndsInARing(t *testing.T) {
	ring := []Process{{PID: 2, Parent: 3}, {PID: 3, Parent: 2}, {PID: 4, Parent: 1}}
	assert.Equal(t, []int{4}, pids(Below(ring, 1)))
	assert.Equal(t, []int{3}, pids(Below(ring, 2)))
	assert.Equal(t, map[int]bool{2: true, 3: true}, Above(ring, 2))
}

// TestEnding: a process that was killed is ending until it is reaped, and gone
// after that.
func TestEnding(t *testing.T) {
	assert.False(t, Ending(os.Getpid()))
	cmd := exec.Command("sleep", "600")
	require.NoError(t, cmd.Start())
	pid := cmd.Process.Pid
	assert.False(t, Ending(pid))
	require.NoError(t, cmd.Process.Kill())
	require.NoError(t, unix.Waitid(unix.P_PID, pid, nil, unix.WEXITED|unix.WNOWAIT, nil))
	assert.True(t, Ending(pid), "not reaped yet")
	_ = cmd.Wait() // killed
	assert.True(t, Ending(pid), "gone")
}

// TestAwaitEnd: both the exit of the process and the limit end the wait.
func TestAwaitEnd(t *testing.T) {
	cmd := exec.Command("sleep", "600")
	require.NoError(t, cmd.Start())
	p, err := Read(cmd.Process.Pid)
	require.NoError(t, err)
	assert.False(t, AwaitEnd([]Process{p}, time.Millisecond))
	other := p
	other.Start++
	assert.True(t, AwaitEnd([]Process{other, {PID: 1 << 30}}, time.Hour), "they have ended before")

	ended := make(chan bool)
	go func() { ended <- AwaitEnd([]Process{p}, time.Hour) }()
	require.NoError(t, cmd.Process.Kill())
	assert.True(t, <-ended, "also while it is a zombie")
	_ = cmd.Wait() // killed
}
