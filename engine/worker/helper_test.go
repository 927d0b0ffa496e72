package worker

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/plan"
)

// patience bounds every wait in these tests; a busy machine is slow.
const patience = 60 * time.Second

// app serves requests; its environment can make it misbehave.
const app = `
import os, sys, signal, asyncio, subprocess

mode = os.environ.get("MODE", "")
if mode == "exit3":
    print("cannot find the model", file=sys.stderr)
    sys.exit(3)
if mode == "long line":
    print("first", file=sys.stderr)
    sys.exit("the beginning " + "x" * 3_000_000)
if mode == "stubborn":
    signal.signal = lambda *a: None
    asyncio.unix_events._UnixSelectorEventLoop.add_signal_handler = lambda *a: None
    import ctypes
    ctypes.CDLL(None).signal(signal.SIGTERM, 1)
if mode == "child":
    child = subprocess.Popen(["sleep", "600"])
    print("child", child.pid, flush=True)
if mode == "chatty":
    line = "x" * 99 + "\n"
    for _ in range(1000):
        sys.stdout.write(line * 100)
    sys.stdout.flush()
for name in ("LDCORN_GROUP", "LDCORN_WORKER", "LDCORN_GENERATION", "GPU", "PYTHONUNBUFFERED", "NOTIFY_SOCKET"):
    print(name, os.environ.get(name), flush=True)

async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup" and mode == "hang":
                print("hanging", file=sys.stderr, flush=True)
                await asyncio.sleep(600)
            if message["type"] == "lifespan.shutdown" and mode == "slow stop":
                await asyncio.sleep(0.05)
                print("the app has stopped", flush=True)
            await send({"type": message["type"] + ".complete"})
            if message["type"] == "lifespan.shutdown":
                return
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"ok"})
`

// findUvicorn returns an interpreter that has Uvicorn. If there is none, the
// test fails instead of being skipped: make test installs one.
func findUvicorn(t testing.TB) (string, Facts) {
	t.Helper()
	var prober Prober
	var last error
	for _, name := range []string{os.Getenv("LDCORN_TEST_PYTHON"), "python3", "/usr/bin/python3"} {
		path, err := exec.LookPath(name)
		if name == "" || err != nil {
			continue
		}
		v, err := prober.Probe(t.Context(), Interpreter{Path: path}, &plan.Group{})
		if err == nil {
			return path, v
		}
		last = err
	}
	t.Fatalf("no Python with Uvicorn (%v); make test installs one, or set LDCORN_TEST_PYTHON", last)
	return "", Facts{}
}

// newSpec returns the spec of a worker that runs app in a mode.
func newSpec(t testing.TB, mode string, out Output) Spec {
	t.Helper()
	python, facts := findUvicorn(t)
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "main.py"), []byte(app), 0o600))
	run, err := os.MkdirTemp("", "w") // short, for the socket
	require.NoError(t, err)
	t.Cleanup(func() { os.RemoveAll(run) })
	return Spec{
		Group: &plan.Group{
			Name: "api", App: "main:app", LogLevel: "info", Cwd: dir, StopTimeout: patience,
			Env: []plan.EnvVar{{Name: "GPU", Value: plan.Plain("cuda:{index}")}, {Name: "MODE", Value: plan.Secret(mode)}},
		},
		Index: 3, Generation: 7, Python: python, Facts: facts,
		Socket: filepath.Join(run, "1.sock"), Output: out,
	}
}

func newLauncher(t testing.TB) *Launcher {
	t.Helper()
	l := NewLauncher()
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { _ = l.Run(ctx) })
	t.Cleanup(func() { cancel(); wg.Wait() })
	return l
}

// launch starts a worker that is gone when the test ends.
func launch(t testing.TB, spec Spec) *Process {
	t.Helper()
	p, err := newLauncher(t).Start(t.Context(), spec)
	require.NoError(t, err)
	t.Cleanup(func() { p.Stop(0, nil) })
	return p
}

func waitReady(t testing.TB, p *Process) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	return p.WaitReady(ctx)
}

// lines collects output.
type lines struct {
	mu  sync.Mutex
	src Source
	all map[Stream][]string
	len int // bytes

	ended int
}

func (l *lines) Line(src Source, stream Stream, text []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.all == nil {
		l.all = make(map[Stream][]string)
	}
	l.src, l.len = src, l.len+len(text)
	l.all[stream] = append(l.all[stream], string(text))
}

func (l *lines) End(Source) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ended++
}

func (l *lines) of(stream Stream) []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]string(nil), l.all[stream]...)
}
