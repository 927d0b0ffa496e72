package engine

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/control"
	"github.com/ldcorn/ldcorn/engine/plan"
)

func TestDelay(t *testing.T) {
	none := newDelay()
	assert.Zero(t, none.left(), "nobody is served")
	assert.False(t, none.cut())

	of := func(d time.Duration) *delay {
		out := newDelay()
		out.use(func() time.Duration { return d })
		return out
	}
	zero := of(0)
	assert.Zero(t, zero.left())
	assert.False(t, zero.cut(), "a signal that ends nothing counts")

	some := of(time.Hour)
	assert.Equal(t, time.Hour, some.left())
	assert.True(t, some.cut(), "even before it has begun")
	<-some.end
	assert.Zero(t, some.left())
	assert.False(t, some.cut(), "only once")
}

// departing starts a master with shutdown_delay and tells it to stop.
func departing(t *testing.T, delay time.Duration) (*master, *manager) {
	m := newMaster(t)
	m.next.Groups[0].MaxRestartsOnCrash = 1
	m.next.ReadyPath, m.next.ReadyWhen, m.next.ShutdownDelay = "/-/ready", plan.ReadyAny, delay
	manager := listenNotify(t)
	m.run()
	m.await("msg=listening", 1)
	manager.next() // READY=1
	m.signal(syscall.SIGTERM)
	m.await("stopping soon", 1)
	return m, manager
}

// ask is like get, for a path.
func (m *master) ask(path string) (status int, body string) {
	m.t.Helper()
	conn, err := net.Dial("unix", m.next.Listeners[0].Bind.Address)
	require.NoError(m.t, err)
	defer conn.Close()
	_, err = fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", path)
	require.NoError(m.t, err)
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	require.NoError(m.t, err)
	text, err := io.ReadAll(resp.Body)
	require.NoError(m.t, err)
	assert.True(m.t, resp.Close, "the connection ends")
	return resp.StatusCode, string(text)
}

// client returns a client of the control socket.
func (m *master) client() *control.Client {
	m.t.Helper()
	found, err := filepath.Glob(filepath.Join(filepath.Dir(m.next.Path), "ldcorn", "*", control.SocketName))
	require.NoError(m.t, err)
	require.Len(m.t, found, 1)
	return control.NewClient(found[0])
}

// TestDeparture_ServesOn: during the delay the master serves, restarts workers, says
// that it stops, and reloads nothing. The next signal ends the delay and cuts no
// request, and the one after it does.
func TestDeparture_ServesOn(t *testing.T) {
	m, manager := departing(t, time.Hour)
	assert.Equal(t, "STOPPING=1\nEXTEND_TIMEOUT_USEC=3725000000\nSTATUS=stopping: asked to stop: terminated", manager.next())
	status, body := m.ask("/-/ready")
	assert.Equal(t, http.StatusServiceUnavailable, status)
	assert.Equal(t, "stopping\n", body)
	assert.Equal(t, "1", m.get())
	require.NoError(t, syscall.Kill(m.workerPID(), syscall.SIGKILL))
	m.await("state=ready", 2)
	assert.Equal(t, "1", m.get())
	m.signal(syscall.SIGHUP)
	m.await("signal=SIGHUP reason=stopping", 1)

	m.unfinished()
	m.signal(syscall.SIGINT)
	m.await("shutdown_delay ended early", 1)
	m.await("msg=stopping ", 1)
	m.signal(syscall.SIGQUIT)
	m.await("already stopping", 1)
	m.signal(syscall.SIGTERM)
	require.NoError(t, <-m.ended)
	assert.NotContains(t, m.log.String(), "reload started")
}

// TestDeparture_Ends: the delay ends by itself.
func TestDeparture_Ends(t *testing.T) {
	m, _ := departing(t, time.Millisecond)
	require.NoError(t, <-m.ended)
	assert.NotContains(t, m.log.String(), "ended early")
}

// TestDeparture_Reload: a reload that has begun when the master is told to stop is
// given up, and its client is told so.
func TestDeparture_Reload(t *testing.T) {
	m := newMaster(t)
	m.next.ShutdownDelay = time.Hour
	m.run()
	m.await("msg=listening", 1)
	main := filepath.Join(m.next.Groups[0].Cwd, "main.py")
	require.NoError(t, os.WriteFile(main, []byte("import time; time.sleep(3600)"), 0o600))
	failed := make(chan string, 2)
	reload := func() {
		var last api.ReloadStep
		err := m.client().Reload(t.Context(), api.ReloadRequest{}, func(s api.ReloadStep) error { last = s; return nil })
		if err != nil {
			last.Error = err.Error()
		}
		failed <- last.Error
	}
	go reload()
	m.await("state=starting", 2)
	require.NoError(t, m.client().Stop(t.Context(), api.StopRequest{}))
	assert.Equal(t, "the master is stopping", <-failed)
	m.await("reload given up", 1)
	go reload()
	assert.Equal(t, "the master is stopping", <-failed)
	assert.Equal(t, "1", m.get(), "the old worker serves on")

	st, _, err := m.client().Status(t.Context())
	require.NoError(t, err)
	require.NotNil(t, st.Stopping)
	assert.Equal(t, "asked to stop: ldcorn stop", st.Stopping.Reason)
	assert.True(t, st.Stopping.Until.After(st.Now))
	require.NoError(t, m.client().Stop(t.Context(), api.StopRequest{NoDelay: true}))
	require.NoError(t, <-m.ended)
}

// TestDeparture_WhileStarting: a master that serves nobody has no delay.
func TestDeparture_WhileStarting(t *testing.T) {
	m := newMaster(t)
	m.next.ShutdownDelay = time.Hour
	require.NoError(t, os.WriteFile(filepath.Join(m.next.Groups[0].Cwd, "main.py"), []byte("import time; time.sleep(3600)"), 0o600))
	m.run()
	m.await("state=starting", 1)
	m.signal(syscall.SIGTERM)
	require.NoError(t, <-m.ended)
}

// TestDeparture_Finishing: a stop says which requests it waits for and how they are cut.
func TestDeparture_Finishing(t *testing.T) {
	for name, stop := range map[string]func(*master){
		"another TERM or INT cuts them": func(m *master) { m.signal(syscall.SIGINT) },
		"TERM or INT twice cuts them": func(m *master) {
			require.NoError(m.t, m.client().Stop(m.t.Context(), api.StopRequest{}))
			m.await("msg=stopping ", 1)
			m.signal(syscall.SIGINT) // the first
		},
	} {
		m := newMaster(t)
		main := filepath.Join(m.next.Groups[0].Cwd, "main.py")
		require.NoError(t, os.WriteFile(main, []byte("import asyncio\n\n\nasync def app(scope, receive, send):\n    assert scope[\"type\"] == \"http\"\n    await asyncio.sleep(3600)\n"), 0o600))
		m.run()
		m.await("msg=listening", 1)
		busy, err := net.Dial("unix", m.next.Listeners[0].Bind.Address)
		require.NoError(t, err)
		defer busy.Close()
		_, err = busy.Write([]byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n"))
		require.NoError(t, err)
		require.Eventually(t, func() bool {
			all, err := m.client().Requests(t.Context(), control.RequestsWanted{Limit: 1})
			return err == nil && all.Total == 1
		}, patience, time.Millisecond)
		stop(m)
		m.await(`msg="finishing requests" requests=1 shutdown_timeout=`+patience.String()+` hint="`+name+`"`, 1)
		m.signal(syscall.SIGTERM)
		require.NoError(t, <-m.ended)
	}
}
