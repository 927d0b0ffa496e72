//go:build !linux || portable

package guard

import (
	"bufio"
	"errors"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/proc"
)

const (
	patience = time.Minute
	tick     = 5 * time.Millisecond
)

// asMaster makes the test binary start guarded processes and wait to be killed.
const asMaster = "GUARD_TEST_MASTER"

func TestMain(m *testing.M) {
	if n, _ := strconv.Atoi(os.Getenv(asMaster)); n > 0 {
		for range n {
			cmd := exec.Command("/bin/sh", "-c", "sleep 600 & echo $$ $!; wait")
			cmd.Stdout, cmd.SysProcAttr = os.Stdout, &syscall.SysProcAttr{Setsid: true}
			if err := Start(cmd); err != nil {
				panic(err)
			}
		}
		select {}
	}
	os.Exit(m.Run())
}

// startMaster starts a process that guards n others, each with a child. It leads a
// group of its own.
func startMaster(t *testing.T, n int) (*exec.Cmd, *bufio.Scanner) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), asMaster+"="+strconv.Itoa(n))
	cmd.Stderr, cmd.SysProcAttr = os.Stderr, &syscall.SysProcAttr{Setpgid: true}
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	return cmd, bufio.NewScanner(out)
}

// guarded reads the processes that a master says it has started.
func guarded(t *testing.T, lines *bufio.Scanner, n int) []proc.Process {
	t.Helper()
	var all []proc.Process
	for range n {
		require.True(t, lines.Scan())
		for _, word := range strings.Fields(lines.Text()) {
			pid, err := strconv.Atoi(word)
			require.NoError(t, err)
			p, err := proc.Read(pid)
			require.NoError(t, err)
			all = append(all, p)
		}
	}
	return all
}

// guardOf returns the guard of a process.
func guardOf(t *testing.T, pid int) proc.Process {
	t.Helper()
	for _, p := range proc.Below(proc.All(), pid) {
		if p.Program() == "ldcorn-guard" {
			return p
		}
	}
	t.Fatal("no guard")
	return proc.Process{}
}

func requireGone(t *testing.T, all ...proc.Process) {
	t.Helper()
	require.Eventually(t, func() bool {
		for _, p := range all {
			if proc.Lives(p.PID, p.Start) {
				return false
			}
		}
		return true
	}, patience, tick)
}

func TestStart_EndsWithMaster(t *testing.T) {
	cmd, lines := startMaster(t, 3)
	all := guarded(t, lines, 3)
	guard := guardOf(t, cmd.Process.Pid)
	require.NoError(t, cmd.Process.Kill())
	requireGone(t, append(all, guard)...)
}

// TestStart_KilledMeanwhile kills masters while they start processes: whatever has
// begun ends with them.
func TestStart_KilledMeanwhile(t *testing.T) {
	for i := range 10 {
		cmd, lines := startMaster(t, 1000)
		all := guarded(t, lines, 1+i)
		below := proc.Below(proc.All(), cmd.Process.Pid) // with gates and the guard
		require.NoError(t, cmd.Process.Kill())
		requireGone(t, append(all, below...)...)
		for lines.Scan() { // what was written before the end; the stream ends when no process has it
		}
	}
}

// TestGuard_Survives sends what a terminal and kill(1) send.
func TestGuard_Survives(t *testing.T) {
	cmd, lines := startMaster(t, 1)
	all := guarded(t, lines, 1)
	guard := guardOf(t, cmd.Process.Pid)
	assert.Equal(t, guard.PID, guard.Session)
	require.Eventually(t, func() bool { return !guard.Catches(syscall.SIGTERM) && ignores(guard.PID, syscall.SIGTERM) }, patience, tick)
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT} {
		require.NoError(t, guard.Signal(sig))
	}
	require.NoError(t, syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL), "the group of the master")
	requireGone(t, append(all, guard)...)
}

// TestGuard_Replaced kills a guard alone.
func TestGuard_Replaced(t *testing.T) {
	cmd, lines := startMaster(t, 1)
	all := guarded(t, lines, 1)
	first := guardOf(t, cmd.Process.Pid)
	require.NoError(t, first.Signal(syscall.SIGKILL))
	var second proc.Process
	require.Eventually(t, func() bool {
		for _, p := range proc.Below(proc.All(), cmd.Process.Pid) {
			if p.Program() == "ldcorn-guard" && p.PID != first.PID {
				second = p
			}
		}
		return second.PID != 0
	}, patience, tick)
	require.NoError(t, cmd.Process.Kill())
	requireGone(t, append(all, second)...)
}

func TestStart_Errors(t *testing.T) {
	cmd := exec.Command("/nonexistent/program")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	require.EqualError(t, Start(cmd), "fork/exec /nonexistent/program: no such file or directory")

	cmd = exec.Command("/bin/sh", "-c", "true")
	cmd.Dir, cmd.SysProcAttr = "/nonexistent", &syscall.SysProcAttr{Setsid: true}
	err := Start(cmd)
	require.ErrorIs(t, err, os.ErrNotExist)
	var failed *os.PathError
	require.True(t, errors.As(err, &failed))
	assert.NotContains(t, failed.Path, "self")

	require.ErrorIs(t, Start(exec.Command("no-such-program-anywhere")), exec.ErrNotFound)
	assert.Empty(t, own.members)
}

// TestStart_SameProcess checks that the program gets the arguments, the environment and
// the descriptors that it would get without a gate.
func TestStart_SameProcess(t *testing.T) {
	run := func(start func(*exec.Cmd) error) string {
		r, w, err := os.Pipe()
		require.NoError(t, err)
		defer r.Close()
		cmd := exec.Command("/bin/sh", "-c", `echo "$0 $1"; env | grep -v ^_=; ls /dev/fd; echo end >&3`, "zero", "one")
		cmd.Env = []string{"A=b", "PATH=" + os.Getenv("PATH")}
		var out strings.Builder
		cmd.Stdout, cmd.ExtraFiles, cmd.SysProcAttr = &out, []*os.File{w}, &syscall.SysProcAttr{Setsid: true}
		require.NoError(t, start(cmd))
		w.Close()
		assert.Equal(t, "/bin/sh", cmd.Path)
		said, err := io.ReadAll(r)
		require.NoError(t, err)
		assert.Equal(t, "end\n", string(said))
		require.NoError(t, cmd.Wait())
		Release(cmd.Process.Pid)
		return out.String()
	}
	want := run((*exec.Cmd).Start)
	assert.Contains(t, want, "zero one\n")
	assert.Contains(t, want, "A=b\n")
	assert.Equal(t, want, run(Start))
	assert.Empty(t, own.members)
}

func TestFollow(t *testing.T) {
	got := follow(strings.NewReader("+10 5\n+11 6\n-10\n+12\nnonsense\n+1 1\n+0 0\n--1\n\n+11 7\n"))
	assert.Equal(t, map[int]uint64{11: 7, 12: 0}, got)
}

// TestServe_ReusedPid does not kill a process that has the id of one that was guarded.
func TestServe_ReusedPid(t *testing.T) {
	cmd := exec.Command("sleep", "600")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	require.NoError(t, cmd.Start())
	p, err := proc.Read(cmd.Process.Pid)
	require.NoError(t, err)
	kill(map[int]uint64{p.PID: p.Start + 1})
	assert.True(t, proc.Lives(p.PID, p.Start))
	kill(map[int]uint64{p.PID: p.Start})
	require.Error(t, cmd.Wait())
}
