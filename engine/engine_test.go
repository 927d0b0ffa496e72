package engine

import (
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/supervisor"
)

// get sends a request to the master and returns the answer, which is the
// generation of the worker.
func (m *master) get() string {
	m.t.Helper()
	client := http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", m.next.Listeners[0].Bind.Address)
		},
	}}
	resp, err := client.Get("http://web/")
	require.NoError(m.t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(m.t, err)
	return string(body)
}

func (m *master) signal(sig syscall.Signal) {
	m.t.Helper()
	require.NoError(m.t, syscall.Kill(os.Getpid(), sig))
}

func TestEngine_ServesReloadsAndStops(t *testing.T) {
	m := newMaster(t)
	manager := listenNotify(t)
	m.run()
	m.await("msg=listening", 1)
	assert.Equal(t, "1", m.get())
	assert.Contains(t, manager.next(), "READY=1\nMAINPID=")

	m.signal(syscall.SIGUSR1) // would end a process that does not handle it
	m.signal(syscall.SIGHUP)
	m.await("reload applied", 1)
	assert.Equal(t, "2", m.get())
	assert.Contains(t, manager.next(), "RELOADING=1\nMONOTONIC_USEC=")
	assert.Contains(t, manager.next(), "READY=1")

	m.change(func(*plan.Plan) {}, "ldconfig.star:1:1: broken")
	m.signal(syscall.SIGHUP)
	m.await("reload failed", 1)
	assert.Equal(t, "2", m.get())

	before := m.next.Listeners[0].Bind.Address
	m.change(func(p *plan.Plan) {
		p.Listeners = listeners(sock(filepath.Join(filepath.Dir(p.Path), "other.sock")))
	}, "")
	m.signal(syscall.SIGHUP)
	m.await("reload applied", 2)
	assert.Equal(t, "3", m.get())
	assert.NoFileExists(t, before)

	m.change(func(p *plan.Plan) { p.ControlSocket = "/nowhere" }, "")
	m.signal(syscall.SIGHUP)
	m.await(`msg="change not applied"`, 1)
	m.await("reload applied", 3)
	assert.Equal(t, "4", m.get())

	m.signal(syscall.SIGTERM)
	require.NoError(t, <-m.ended)
	assert.NoFileExists(t, m.next.Listeners[0].Bind.Address)
	left, err := filepath.Glob(filepath.Join(filepath.Dir(m.next.Path), "ldcorn", "*"))
	require.NoError(t, err)
	assert.Empty(t, left)
}

func TestEngine_SecondSignalDoesNotWait(t *testing.T) {
	m := newMaster(t)
	m.run()
	m.await("msg=listening", 1)
	m.unfinished()
	m.signal(syscall.SIGTERM)
	m.await("msg=stopping", 1)
	m.signal(syscall.SIGINT)
	require.NoError(t, <-m.ended)
}

func TestEngine_StoppedWhileStarting(t *testing.T) {
	m := newMaster(t)
	require.NoError(t, os.WriteFile(filepath.Join(m.next.Groups[0].Cwd, "main.py"), []byte("import time; time.sleep(3600)"), 0o600))
	m.run()
	m.await("state=starting", 1)
	m.signal(syscall.SIGTERM)
	require.NoError(t, <-m.ended)
	assert.NotContains(t, m.log.String(), "level=ERROR")
}

func TestEngine_FailsToStart(t *testing.T) {
	m := newMaster(t)
	m.next.Groups[0].App = "nothere:app"
	m.run()
	err := <-m.ended
	var start *supervisor.StartError
	require.ErrorAs(t, err, &start)
	assert.Equal(t, "web", start.Group)
	assert.ErrorContains(t, err, "nothere")
	assert.NotContains(t, m.log.String(), "listening")

	m.change(func(*plan.Plan) {}, "ldconfig.star:1:1: broken")
	m.run()
	require.EqualError(t, <-m.ended, "ldconfig.star:1:1: broken")
}

func TestEngine_AllGroupsFailed(t *testing.T) {
	m := newMaster(t)
	m.run()
	m.await("msg=listening", 1)
	require.NoError(t, os.Remove(filepath.Join(m.next.Groups[0].Cwd, "main.py")))
	require.NoError(t, syscall.Kill(m.workerPID(), syscall.SIGKILL))
	require.ErrorIs(t, <-m.ended, supervisor.ErrAllFailed)
}
