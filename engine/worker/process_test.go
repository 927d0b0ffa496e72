package worker

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ldcorn/ldcorn/engine/proc"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

func TestProcess_ServesAndStops(t *testing.T) {
	var out lines
	p := launch(t, newSpec(t, "", &out))
	require.NoError(t, waitReady(t, p))

	client := http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", p.Socket())
		},
	}}
	resp, err := client.Get("http://worker/")
	require.NoError(t, err)
	body, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	require.NoError(t, err)
	assert.Equal(t, "ok", string(body))

	sid, err := unix.Getsid(p.PID())
	require.NoError(t, err)
	assert.Equal(t, p.PID(), sid, "a worker leads a session of its own")

	exit := p.Stop(patience, nil)
	assert.True(t, exit.Clean(), "%+v", exit)
	assert.True(t, exit.Ready)
	assert.Equal(t, "stopped", exit.String())
	assert.Equal(t, Source{Group: "api", Worker: 3, PID: p.PID(), Ready: true}, out.src)
	assert.Subset(t, out.of(Stdout), []string{
		"LDCORN_GROUP api", "LDCORN_WORKER 3", "LDCORN_GENERATION 7", "GPU cuda:3", "PYTHONUNBUFFERED 1", "NOTIFY_SOCKET None",
	})
	assert.NotContains(t, strings.Join(out.of(Stdout), "\n"), "GET /", "the access log is ours")
}

func TestProcess_ExitBeforeReady(t *testing.T) {
	p := launch(t, newSpec(t, "exit3", nil))
	require.EqualError(t, waitReady(t, p), "exit code 3: startup failed")
	assert.Contains(t, p.Wait().Stderr, "cannot find the model")
}

// TestProcess_LongLastLine checks that the last words of a worker are the beginning of
// a long line, marked as cut, and not one of the parts in which it was read.
func TestProcess_LongLastLine(t *testing.T) {
	p := launch(t, newSpec(t, "long line", nil))
	require.Error(t, waitReady(t, p))
	said := "the beginning " + strings.Repeat("x", tailWidth-len("the beginning ")) + "…"
	assert.Equal(t, []string{"first", said}, p.Wait().Stderr)
	assert.Equal(t, said, LastWord(p.Stderr()))
	assert.Equal(t, said, p.LastLine())
}

func TestProcess_ImportError(t *testing.T) {
	spec := newSpec(t, "", nil)
	spec.Group.App = "nothere:app"
	p := launch(t, spec)
	// Since 0.50 Uvicorn exits with 3 when an import fails; before that, with 1.
	require.Regexp(t, `^exit code (1 before it was ready|3: startup failed); its workers look for the module nothere in `, waitReady(t, p))
	assert.Contains(t, strings.Join(p.Stderr(), "\n"), "nothere")
}

func TestProcess_HangsInStartup(t *testing.T) {
	p := launch(t, newSpec(t, "hang", nil))
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("not ready within 1s")
	require.Eventually(t, func() bool { return len(p.Stderr()) > 0 && contains(p.Stderr(), "hanging") }, patience, time.Millisecond)
	cancel(why)
	require.ErrorIs(t, p.WaitReady(ctx), why)
	exit := p.Stop(time.Millisecond, nil)
	assert.False(t, exit.Ready)
	assert.Equal(t, "killed before it stopped", exit.String())
}

func contains(lines []string, want string) bool {
	return strings.Contains(strings.Join(lines, "\n"), want)
}

func TestProcess_KilledAfterGrace(t *testing.T) {
	for name, stop := range map[string]func(p *Process) Exit{
		"grace over": func(p *Process) Exit { return p.Stop(10*time.Millisecond, nil) },
		"hurry": func(p *Process) Exit {
			hurry := make(chan struct{})
			close(hurry)
			return p.Stop(patience, hurry)
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := launch(t, newSpec(t, "stubborn", nil))
			require.NoError(t, waitReady(t, p))
			exit := stop(p)
			assert.True(t, exit.Forced)
			assert.Equal(t, syscall.SIGKILL, exit.Signal)
			assert.False(t, exit.Clean())
		})
	}
}

// TestProcess_KilledFromOutside: only a kernel that has killed something makes one
// think of memory.
func TestProcess_KilledFromOutside(t *testing.T) {
	before := oomKills()
	p := launch(t, newSpec(t, "", nil))
	require.NoError(t, waitReady(t, p))
	require.NoError(t, syscall.Kill(p.PID(), syscall.SIGKILL))
	<-p.Exited()
	want := "killed by signal 9 (SIGKILL)"
	if before < 0 || oomKills() != before {
		want += ": out of memory?"
	}
	assert.Equal(t, want, p.Wait().String())
	p.Stop(patience, nil) // harmless when late
}

func TestProcess_TakesItsChildrenAlong(t *testing.T) {
	var out lines
	p := launch(t, newSpec(t, "child", &out))
	require.NoError(t, waitReady(t, p))
	require.Eventually(t, func() bool { return contains(out.of(Stdout), "child ") }, patience, time.Millisecond)
	child, err := strconv.Atoi(strings.TrimPrefix(out.of(Stdout)[0], "child "))
	require.NoError(t, err)
	assert.True(t, p.Stop(patience, nil).Clean())
	require.Eventually(t, func() bool { return !running(child) }, patience, time.Millisecond)
}

// running reports whether a process exists and is not a zombie.
func running(pid int) bool {
	p, err := proc.Read(pid)
	return err == nil && !p.Ended()
}

// TestProcess_WrapperWithoutExec: a signal to the pid of the wrapper would
// terminate only the wrapper.
func TestProcess_WrapperWithoutExec(t *testing.T) {
	var out lines
	spec := newSpec(t, "slow stop", &out)
	wrapper := filepath.Join(t.TempDir(), "python")
	script(t, wrapper, "echo wrapped\n'"+spec.Python+"' \"$@\"")
	spec.Python = wrapper
	p := launch(t, spec)
	require.NoError(t, waitReady(t, p))
	exit := p.Stop(patience, nil)
	assert.True(t, exit.Clean(), "%+v", exit)
	assert.Contains(t, out.of(Stdout), "the app has stopped")

	p = launch(t, spec)
	require.NoError(t, waitReady(t, p))
	assert.True(t, p.Stop(0, nil).Forced)
	require.Eventually(t, func() bool {
		_, err := net.Dial("unix", p.Socket())
		return err != nil
	}, patience, time.Millisecond)
}

func TestProcess_LosesNoOutput(t *testing.T) {
	var out lines
	p := launch(t, newSpec(t, "chatty", &out))
	require.NoError(t, waitReady(t, p))
	p.Stop(patience, nil)
	n := 0
	for _, line := range out.of(Stdout) {
		if line == strings.Repeat("x", 99) {
			n++
		}
	}
	assert.Equal(t, 100_000, n, "10 MB in lines of 100 bytes")
}

func TestLauncher_EndKillsWorkers(t *testing.T) {
	l := NewLauncher()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- l.Run(ctx) }()
	p, err := l.Start(t.Context(), newSpec(t, "", nil))
	require.NoError(t, err)
	require.NoError(t, waitReady(t, p))
	cancel()
	require.NoError(t, <-ended)
	assert.Equal(t, syscall.SIGKILL, p.Wait().Signal)
	_, err = l.Start(t.Context(), newSpec(t, "", nil))
	require.ErrorIs(t, err, ErrLauncherStopped)
}

func TestLauncher_StartErrors(t *testing.T) {
	l := newLauncher(t)
	spec := newSpec(t, "", nil)
	spec.Group.Cwd = "/nonexistent"
	_, err := l.Start(t.Context(), spec)
	require.ErrorIs(t, err, os.ErrNotExist)
	assert.ErrorContains(t, err, "cwd: ")

	spec = newSpec(t, "", nil)
	spec.Python = "/nonexistent/python"
	_, err = l.Start(t.Context(), spec)
	require.ErrorIs(t, err, os.ErrNotExist)
}
