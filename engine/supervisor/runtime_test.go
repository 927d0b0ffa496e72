package supervisor

import (
	"encoding/json"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/plan"

	"github.com/ldcorn/ldcorn/engine/worker"
)

// shortTemp is a folder whose path leaves room for a socket's name.
func shortTemp(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "s")
	require.NoError(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func TestRuntime_IsPrivateAndLocked(t *testing.T) {
	t.Setenv("XDG_RUNTIME_DIR", shortTemp(t))
	r, err := OpenRuntime("/etc/ldconfig.star", quiet())
	require.NoError(t, err)
	info, err := os.Stat(r.Dir())
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o700), info.Mode().Perm())

	_, err = OpenRuntime("/etc/x/../ldconfig.star", quiet())
	var running *RunningError
	require.ErrorAs(t, err, &running)
	assert.Equal(t, os.Getpid(), running.PID)

	other, err := OpenRuntime("/etc/other.star", quiet())
	require.NoError(t, err, "another configuration is free to run")
	require.NoError(t, other.Close())
	require.NoError(t, r.Close())
	assert.NoDirExists(t, r.Dir())

	r, err = OpenRuntime("/etc/ldconfig.star", quiet())
	require.NoError(t, err, "and so is this one again")
	require.NoError(t, r.Close())
}

func TestRuntime_RefusesWhatIsNotOurs(t *testing.T) {
	base := shortTemp(t)
	t.Setenv("XDG_RUNTIME_DIR", base)
	require.NoError(t, os.Symlink(shortTemp(t), filepath.Join(base, "ldcorn")))
	_, err := OpenRuntime("/etc/ldconfig.star", quiet())
	require.ErrorContains(t, err, "is not a folder", "a symbolic link may lead anywhere")

	require.NoError(t, os.Remove(filepath.Join(base, "ldcorn")))
	require.NoError(t, os.Mkdir(filepath.Join(base, "ldcorn"), 0o700))
	if err := os.Chown(filepath.Join(base, "ldcorn"), 12345, 0); err == nil { // needs root
		_, err = OpenRuntime("/etc/ldconfig.star", quiet())
		require.ErrorContains(t, err, "belongs to user 12345")
		require.NoError(t, os.Chown(filepath.Join(base, "ldcorn"), os.Geteuid(), 0))
	}

	require.NoError(t, os.Chmod(filepath.Join(base, "ldcorn"), 0o755))
	r, err := OpenRuntime("/etc/ldconfig.star", quiet())
	require.NoError(t, err)
	info, err := os.Stat(filepath.Join(base, "ldcorn"))
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o700), info.Mode().Perm(), "ours, but too open")
	require.NoError(t, r.Close())
}

func TestRuntimeDir_AvoidsLongPaths(t *testing.T) {
	t.Setenv("XDG_RUNTIME_DIR", "/"+strings.Repeat("long", 30))
	dir, err := RuntimeDir("/etc/ldconfig.star")
	require.NoError(t, err)
	assert.NotContains(t, dir, "long")
	assert.LessOrEqual(t, len(filepath.Join(dir, socketName(1<<40))), plan.MaxUnixPath)
}

// orphan starts a sleeping process in a group of its own.
func orphan(t testing.TB, shell string, env ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command("sh", "-c", shell)
	cmd.Env = append(os.Environ(), env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL); _ = cmd.Wait() })
	return cmd
}

// leave writes a record as a killed master would have left it.
func leave(t testing.TB, config string, rec record) {
	t.Helper()
	dir, err := RuntimeDir(config)
	require.NoError(t, err)
	require.NoError(t, os.MkdirAll(dir, 0o700))
	data, err := json.Marshal(rec)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "1.json"), data, 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "1.sock"), nil, 0o600))
}

func TestSweep_KillsTheRecordedOnly(t *testing.T) {
	t.Setenv("XDG_RUNTIME_DIR", shortTemp(t))
	worker := orphan(t, "exec sleep 600")
	st, err := readStat(worker.Process.Pid)
	require.NoError(t, err)
	for name, c := range map[string]struct {
		start uint64
		alive bool
	}{"a reused pid": {st.start + 1, true}, "the worker": {st.start, false}} {
		leave(t, "/etc/ldconfig.star", record{PID: worker.Process.Pid, Start: c.start, Pool: "a"})
		r, err := OpenRuntime("/etc/ldconfig.star", quiet())
		require.NoError(t, err)
		if c.alive {
			assert.True(t, anyAlive([]int{worker.Process.Pid}), name)
		}
		left, err := filepath.Glob(filepath.Join(r.Dir(), "1.*"))
		require.NoError(t, err)
		assert.Empty(t, left)
		require.NoError(t, r.Close())
		if !c.alive {
			return
		}
	}
}

func TestSweep_KillsChildrenOfADeadWorker(t *testing.T) {
	t.Setenv("XDG_RUNTIME_DIR", shortTemp(t))
	leader := orphan(t, "sleep 600 & exit 0", worker.EnvGroup+"=a", worker.EnvWorker+"=4")
	require.NoError(t, leader.Wait())
	rec := record{PID: leader.Process.Pid, Pool: "a", Worker: 4}
	require.Eventually(t, func() bool { return len(groupMembers(rec)) == 1 }, time.Minute, time.Millisecond)
	assert.Empty(t, groupMembers(record{PID: leader.Process.Pid, Pool: "b", Worker: 4}), "not its environment")
	leave(t, "/etc/ldconfig.star", rec)
	r, err := OpenRuntime("/etc/ldconfig.star", quiet())
	require.NoError(t, err)
	assert.False(t, anyAlive(groupMembers(rec)))
	require.NoError(t, r.Close())
}

func TestState_String(t *testing.T) {
	assert.Equal(t, "draining", StateDraining.String())
	assert.Equal(t, "unknown", State(99).String())
}
