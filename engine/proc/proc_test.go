package proc

import (
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

func TestParse(t *testing.T) {
	p, err := parse(7, []byte("7 (a) S) 1 (x) S 3 4 5 34816 5 4194304 1 2 3 4 5 6 7 8 20 0 1 0 987654 1 2\n"))
	require.NoError(t, err)
	assert.Equal(t, Process{PID: 7, Parent: 3, Group: 4, Session: 5, TTY: 34816, Start: 987654, State: 'S', Flags: 4194304}, p)
	for _, bad := range []string{"", "7", "7 (a)", "7 (a) S 1 2 3", "7 (a) S x 4 5 0 5 4194304 1 2 3 4 5 6 7 8 20 0 1 0 9 1 2"} {
		_, err := parse(7, []byte(bad))
		assert.Error(t, err, bad)
	}
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
// afterwards.
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
