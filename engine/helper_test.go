package engine

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/logtest"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/worker"
)

// patience bounds every wait in these tests; a busy machine is slow.
const patience = 60 * time.Second

const app = `
import os
async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": message["type"] + ".complete"})
            if message["type"] == "lifespan.shutdown":
                return
    body = os.environ["LDCORN_GENERATION"].encode()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": body})
`

// findUvicorn returns an interpreter that has Uvicorn. If there is none, the
// test fails instead of being skipped: make test installs one.
func findUvicorn(t testing.TB) string {
	t.Helper()
	var prober worker.Prober
	for _, name := range []string{os.Getenv("LDCORN_TEST_PYTHON"), "python3", "/usr/bin/python3"} {
		path, err := exec.LookPath(name)
		if name == "" || err != nil {
			continue
		}
		if _, err := prober.Probe(t.Context(), worker.Interpreter{Path: path}, &plan.Group{}); err == nil {
			return path
		}
	}
	t.Fatal("no Python with Uvicorn; make test installs one, or set LDCORN_TEST_PYTHON")
	return ""
}

// A master is an engine that runs in this process.
type master struct {
	t     testing.TB
	log   *logtest.Text
	ended chan error

	mu   sync.Mutex // guards next and err
	next *plan.Plan
	err  error
}

// newMaster prepares an engine for one group of the app above, on a unix
// socket. Only one can run at a time, because it takes over the process's
// signals.
func newMaster(t testing.TB) *master {
	t.Helper()
	python := findUvicorn(t)
	dir, err := os.MkdirTemp("", "e") // short, for sockets
	require.NoError(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	t.Setenv("XDG_RUNTIME_DIR", dir)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "main.py"), []byte(app), 0o600))
	route, err := plan.NewRoute("*", plan.Pos{})
	require.NoError(t, err)
	return &master{t: t, log: new(logtest.Text), ended: make(chan error, 1), next: &plan.Plan{
		Path:      filepath.Join(dir, "ldconfig.star"),
		Listeners: listeners(sock(filepath.Join(dir, "public.sock"))),
		Groups: []*plan.Group{{
			Name: "web", App: "main:app", Instances: 1, Routes: []plan.Route{route}, ReloadOnSighup: true, LogLevel: "warning",
			Cwd: dir, Python: python, StopTimeout: patience,
		}},
		Forwarded: plan.ForwardedSet, StartupTimeout: patience, ShutdownTimeout: patience,
	}}
}

// listeners returns a listener for each address.
func listeners(binds ...plan.Bind) []plan.Listener {
	out := make([]plan.Listener, len(binds))
	for i, b := range binds {
		out[i] = plan.Listener{Bind: b, Forwarded: plan.ForwardedSet}
	}
	return out
}

func (m *master) load(context.Context, map[string]string) (*plan.Plan, []api.PlanWarning, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.err != nil {
		return nil, nil, m.err
	}
	return m.next, nil, nil
}

// change makes the next load return a changed plan, or an error.
func (m *master) change(f func(*plan.Plan), err string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	p := *m.next
	f(&p)
	m.next, m.err = &p, nil
	if err != "" {
		m.err = errors.New(err)
	}
}

// run starts the engine. The test must stop it and receive the result from
// ended.
func (m *master) run() {
	e := New(Options{
		ConfigPath: m.next.Path, Load: m.load, Version: "test",
		Log: slog.New(slog.NewTextHandler(m.log, nil)),
	})
	go func() { m.ended <- e.Run(context.Background()) }()
}

// await waits until the log contains a text n times.
func (m *master) await(text string, n int) {
	m.t.Helper()
	require.Eventually(m.t, func() bool {
		return bytes.Count([]byte(m.log.String()), []byte(text)) >= n
	}, patience, time.Millisecond, "%s: %s", text, m.log)
}

// unfinished begins a request that does not end before the test does.
func (m *master) unfinished() {
	m.t.Helper()
	conn, err := net.Dial("unix", m.next.Listeners[0].Bind.Address)
	require.NoError(m.t, err)
	m.t.Cleanup(func() { conn.Close() })
	_, err = conn.Write([]byte("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nunfin"))
	require.NoError(m.t, err)
}
