package supervisor

import (
	"bytes"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/ldcorn/ldcorn/engine/proc"
	"github.com/ldcorn/ldcorn/engine/worker"
)

// TestSweep_SparesWhatWasStartedByHand: a process is spared if somebody copied
// the environment of a worker to a shell at a terminal and started it there. A
// process that an app starts at a terminal of its own is a leftover like any
// other.
func TestSweep_SparesWhatWasStartedByHand(t *testing.T) {
	t.Setenv("XDG_RUNTIME_DIR", shortTemp(t))
	config := newConfig(t)
	id, err := identify(config)
	require.NoError(t, err)
	mark := worker.EnvMaster + "=" + (&marker{pid: os.Getpid(), start: 1, names: id.all, dir: "/x"}).String()
	byUser := atTerminal(t, "env "+mark+" sleep 600 & echo $! >$0; wait")
	byApp := atTerminal(t, "sleep 600 & echo $! >$0; wait", mark)
	var log bytes.Buffer
	r, err := OpenRuntime(config, slog.New(slog.NewTextHandler(&log, nil)))
	require.NoError(t, err)
	defer r.Close()
	assert.True(t, living(byUser))
	assert.Equal(t, 1, strings.Count(log.String(), "leftover spared"), log.String())
	assert.False(t, living(byApp))
}

// atTerminal runs a shell with a terminal, and returns the process whose pid
// the shell writes to $0.
func atTerminal(t *testing.T, script string, env ...string) proc.Process {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	require.NoError(t, err)
	t.Cleanup(func() { master.Close() })
	require.NoError(t, unix.IoctlSetPointerInt(int(master.Fd()), unix.TIOCSPTLCK, 0))
	n, err := unix.IoctlGetInt(int(master.Fd()), unix.TIOCGPTN)
	require.NoError(t, err)
	terminal, err := os.OpenFile("/dev/pts/"+strconv.Itoa(n), os.O_RDWR, 0)
	require.NoError(t, err)
	defer terminal.Close()
	file := filepath.Join(t.TempDir(), "pid")
	cmd := exec.Command("sh", "-c", script, file)
	cmd.Env = append(os.Environ(), env...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = terminal, terminal, terminal
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL); _ = cmd.Wait() })
	var pid int
	require.Eventually(t, func() bool {
		data, _ := os.ReadFile(file) // it may not exist yet
		pid, _ = strconv.Atoi(strings.TrimSpace(string(data)))
		if pid == 0 {
			return false
		}
		p := see(t, pid)
		_, marked := p.Env(worker.EnvMaster)
		return marked
	}, time.Minute, time.Millisecond)
	return see(t, pid)
}
