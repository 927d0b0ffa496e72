package supervisor

import (
	"encoding/json"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/proc"
	"github.com/ldcorn/ldcorn/engine/worker"
)

// shortTemp returns a folder whose path leaves room for a socket's name.
func shortTemp(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "s")
	require.NoError(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// newConfig writes a configuration that only this test uses: every process of
// our user sees its locks.
func newConfig(t testing.TB) string {
	t.Helper()
	path := filepath.Join(shortTemp(t), "ldconfig.star")
	require.NoError(t, os.WriteFile(path, nil, 0o600))
	return path
}

// open opens the runtime directory of a configuration until the test ends.
func open(t testing.TB, config string) *Runtime {
	t.Helper()
	r, err := OpenRuntime(config, quiet())
	require.NoError(t, err)
	t.Cleanup(func() { _ = r.Close() })
	return r
}

// refused requires that a master is running with the configuration, and returns
// its pid.
func refused(t testing.TB, config, msg string) int {
	t.Helper()
	r, err := OpenRuntime(config, quiet())
	if err == nil {
		_ = r.Close()
	}
	running := new(RunningError)
	require.ErrorAs(t, err, &running, msg)
	return running.PID
}

func TestRuntime_IsPrivateAndLocked(t *testing.T) {
	t.Setenv("XDG_RUNTIME_DIR", shortTemp(t))
	config := newConfig(t)
	r, err := OpenRuntime(config, quiet())
	require.NoError(t, err)
	info, err := os.Stat(r.Dir())
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o700), info.Mode().Perm())

	again := filepath.Join(filepath.Dir(config), "x", "..", filepath.Base(config))
	assert.Equal(t, os.Getpid(), refused(t, again, "another spelling"))
	dirs, err := RuntimeDirs(again)
	require.NoError(t, err)
	assert.Equal(t, []string{r.Dir()}, dirs)

	other, err := OpenRuntime(newConfig(t), quiet())
	require.NoError(t, err, "another configuration is free to run")
	require.NoError(t, other.Close())
	require.NoError(t, r.Close())
	assert.NoDirExists(t, r.dir.Name())
	left, err := os.ReadDir(filepath.Dir(r.dir.Name()))
	require.NoError(t, err)
	assert.Empty(t, left)
	dirs, err = RuntimeDirs(config)
	require.NoError(t, err)
	assert.Empty(t, dirs)

	r, err = OpenRuntime(config, quiet())
	require.NoError(t, err, "and so is this one again")
	require.NoError(t, r.Close())
}

// TestRuntime_OneMasterWhateverItsEnvironment: neither the lock nor the command
// line depends on where environment variables point.
func TestRuntime_OneMasterWhateverItsEnvironment(t *testing.T) {
	t.Setenv("XDG_RUNTIME_DIR", shortTemp(t))
	config := newConfig(t)
	r := open(t, config)
	for _, env := range [][2]string{{"XDG_RUNTIME_DIR", shortTemp(t)}, {"XDG_RUNTIME_DIR", ""}, {"TMPDIR", shortTemp(t)}} {
		t.Setenv(env[0], env[1])
		refused(t, config, strings.Join(env[:], "="))
		dirs, err := RuntimeDirs(config)
		require.NoError(t, err)
		assert.Equal(t, []string{r.Dir()}, dirs, env)
	}
}

// TestRuntime_OfTwoAtOnceOneRuns: the order of the locks leaves one winner.
func TestRuntime_OfTwoAtOnceOneRuns(t *testing.T) {
	t.Setenv("XDG_RUNTIME_DIR", shortTemp(t))
	config := newConfig(t)
	for range 50 {
		var tried [4]*Runtime
		var wg sync.WaitGroup
		for i := range tried {
			wg.Go(func() { tried[i], _ = OpenRuntime(config, quiet()) })
		}
		wg.Wait()
		winners := 0
		for _, r := range tried {
			if r == nil {
				continue
			}
			winners++
			assert.DirExists(t, r.Dir())
			require.NoError(t, r.Close())
		}
		require.LessOrEqual(t, winners, 1)
	}
}

// TestLock_WhileSomebodyLooks: a master does not mistake a command that looks
// for the master, at the moment of its start, for a second master.
func TestLock_WhileSomebodyLooks(t *testing.T) {
	path := filepath.Join(shortTemp(t), "lock")
	stop := make(chan struct{})
	var looking sync.WaitGroup
	for range 2 {
		looking.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					isLocked(path)
				}
			}
		})
	}
	for range 200 {
		l, err := takeLock(path, "c", "/x")
		if !assert.NoError(t, err) {
			break
		}
		assert.True(t, isLocked(path))
		assert.NoError(t, l.Close()) // its file stays, as it does when a master is killed
	}
	close(stop)
	looking.Wait()
}

// orphan starts a sleeping process in a process group of its own.
func orphan(t testing.TB, shell string, env ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command("sh", "-c", shell)
	cmd.Env = append(os.Environ(), env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL); _ = cmd.Wait() })
	return cmd
}

// see reads a process that must exist.
func see(t testing.TB, pid int) proc.Process {
	t.Helper()
	p, err := proc.Read(pid)
	require.NoError(t, err)
	return p
}

func living(p proc.Process) bool { return proc.Lives(p.PID, p.Start) }

// dirOf returns the runtime directory of a configuration.
func dirOf(t testing.TB, config string) string {
	t.Helper()
	id, err := identify(config)
	require.NoError(t, err)
	return filepath.Join(places()[0].path, id.given)
}

// leave writes a record as a killed master would have left it.
func leave(t testing.TB, config string, rec record) {
	t.Helper()
	dir := dirOf(t, config)
	require.NoError(t, os.MkdirAll(dir, 0o700))
	data, err := json.Marshal(rec)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "1.json"), data, 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "1.sock"), nil, 0o600))
}

// TestSweep_KillsTheRecordedOnly: a process that has reused a recorded pid is
// left alone.
func TestSweep_KillsTheRecordedOnly(t *testing.T) {
	t.Setenv("XDG_RUNTIME_DIR", shortTemp(t))
	config := newConfig(t)
	p := see(t, orphan(t, "exec sleep 600").Process.Pid)
	leave(t, config, record{PID: p.PID, Start: p.Start + 1, Group: "a"})
	r := open(t, config)
	assert.True(t, living(p), "a reused pid")
	left, err := filepath.Glob(filepath.Join(r.Dir(), "1.*"))
	require.NoError(t, err)
	assert.Empty(t, left)
	require.NoError(t, r.Close())

	leave(t, config, record{PID: p.PID, Start: p.Start, Group: "a"})
	open(t, config)
	assert.False(t, living(p), "the worker")
}

func TestSweep_KillsChildrenOfADeadWorker(t *testing.T) {
	t.Setenv("XDG_RUNTIME_DIR", shortTemp(t))
	config := newConfig(t)
	leader := orphan(t, "sleep 600 & exit 0", worker.EnvGroup+"=a", worker.EnvWorker+"=4")
	require.NoError(t, leader.Wait())
	rec := record{PID: leader.Process.Pid, Group: "a", Worker: 4}
	require.Eventually(t, func() bool { return len(groupMembers(&rec)) == 1 }, time.Minute, time.Millisecond)
	assert.Empty(t, groupMembers(&record{PID: leader.Process.Pid, Group: "b", Worker: 4}), "not its environment")
	leave(t, config, rec)
	open(t, config)
	assert.Empty(t, groupMembers(&rec))
}

// TestSweep_SparesWorkersOfALivingMaster: the locks are gone, and only the
// records tell that a master is running.
func TestSweep_SparesWorkersOfALivingMaster(t *testing.T) {
	t.Setenv("XDG_RUNTIME_DIR", shortTemp(t))
	config := newConfig(t)
	p, m := see(t, orphan(t, "exec sleep 600").Process.Pid), see(t, orphan(t, "exec sleep 600").Process.Pid)
	rec := record{PID: p.PID, Start: p.Start, Group: "a", Master: stamp{m.PID, m.Start}}
	leave(t, config, rec)
	assert.Equal(t, m.PID, refused(t, config, "its master lives"))
	assert.True(t, living(p))
	require.FileExists(t, filepath.Join(dirOf(t, config), "1.sock"), "nothing of it was removed")

	rec.Master.Start++ // the pid of a master that has exited
	leave(t, config, rec)
	open(t, config)
	assert.False(t, living(p))
}

// TestSweep_ByMarker: processes that a killed master's workers started are
// found by their environment, even in a session of their own; processes that
// belong to another configuration or to a running master are not touched.
func TestSweep_ByMarker(t *testing.T) {
	t.Setenv("XDG_RUNTIME_DIR", shortTemp(t))
	config, theirs, strange := newConfig(t), newConfig(t), newConfig(t)
	master := see(t, orphan(t, "exec sleep 600").Process.Pid)
	daemon := func(config string, start uint64) proc.Process {
		id, err := identify(config)
		require.NoError(t, err)
		m := marker{pid: master.PID, start: start, names: id.all[:1], dir: "/x"}
		cmd := orphan(t, "exec sleep 600", worker.EnvMaster+"="+m.String())
		return see(t, cmd.Process.Pid)
	}
	left, stranger := daemon(config, master.Start+1), daemon(strange, master.Start+1)
	open(t, config)
	assert.False(t, living(left))
	assert.True(t, living(stranger), "of another configuration")

	owned := daemon(theirs, master.Start)
	assert.Equal(t, master.PID, refused(t, theirs, "its master lives"))
	assert.True(t, living(owned))
}

// TestSweep_SparesWhatStartedUs: an app may restart its own master.
func TestSweep_SparesWhatStartedUs(t *testing.T) {
	t.Setenv("XDG_RUNTIME_DIR", shortTemp(t))
	r := open(t, newConfig(t))
	above := newKills(r).spared
	assert.True(t, above[os.Getpid()])
	assert.True(t, above[os.Getppid()])
}

func FuzzMarker(f *testing.F) {
	f.Add("1/2/a,b/run/x")
	f.Add("0/2//")
	f.Add("////")
	f.Add("+1/02/a/")
	f.Fuzz(func(t *testing.T, s string) {
		m, ok := parseMarker(s)
		if !ok {
			return
		}
		again, ok := parseMarker(m.String())
		require.True(t, ok)
		assert.Equal(t, m, again)
	})
}

// TestRecord_OldWord: an earlier version wrote pool instead of group.
func TestRecord_OldWord(t *testing.T) {
	var old, now record
	require.NoError(t, json.Unmarshal([]byte(`{"pid":7,"start":1,"pool":"web","worker":2,"master":{"pid":3,"start":4}}`), &old))
	want := record{PID: 7, Start: 1, Group: "web", Worker: 2, Master: stamp{3, 4}}
	assert.Equal(t, want, old)
	data, err := json.Marshal(want)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(data, &now))
	assert.Equal(t, want, now)
}
