//go:build linux

package campaign

import (
	"bytes"
	"context"
	goflag "flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/ldcorn/ldcorn/cmd/ldcorn/internal/cli"
	"github.com/ldcorn/ldcorn/cmd/ldcorn/internal/harness"
	"github.com/ldcorn/ldcorn/engine/control"
)

// The length of a campaign and its seed. The same seed makes the same choices,
// as far as they do not depend on what the machine has done by then.
var (
	campaignTime = goflag.Duration("campaign", 6*time.Second, "how long TestCampaign goes on")
	campaignSeed = goflag.Uint64("seed", 0, "of TestCampaign; 0 is a new one each time")
)

func TestMain(m *testing.M) { harness.Main(m, func() int { return cli.Main(cli.Build{}) }) }

// TestCampaign exposes a master with real workers to everything that can happen
// to it, at random and all at once: clients of several kinds that stay and that
// leave, kills, reloads that change caps, scale, restart and hold. Then it
// checks what the clients and the app have seen against these rules:
//
//   - no worker has had more in hand than its cap, at any moment;
//   - every client that stayed has got its own answer, a failure only if a rule
//     allows it, and a lost request only if its worker was killed;
//   - no request that must not be repeated has reached an app twice, and no
//     request whose client left a held queue has reached an app at all;
//   - in the end nothing is queued and nothing in flight.
func TestCampaign(t *testing.T) {
	t.Parallel()
	seed := *campaignSeed
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("again with: go test ./cmd/ldcorn/internal/campaign -campaign %v -seed %d", *campaignTime, seed)
		}
	})
	c := newCampaign(t, seed)
	c.start()
	clients := c.clients()
	c.disturb(time.Now().Add(*campaignTime))
	c.over.Store(true)
	clients.Wait()
	c.atRest()
	c.stop()
	c.judge()
}

// newRand returns a source of random choices that differs by name.
func (c *campaign) newRand(name string) *rand.Rand {
	h := uint64(1)
	for _, b := range []byte(name) {
		h = h*31 + uint64(b)
	}
	return rand.New(rand.NewPCG(c.seed, h))
}

// A campaign is one master and everything that happens to it.
type campaign struct {
	mark   string // in the environment of every process of the campaign
	runDir string // where ldcorn puts its sockets
	t      testing.TB
	seed   uint64
	dir    string
	python string
	cmd    *exec.Cmd
	log    harness.Log
	done   chan struct{} // closed when the master has ended
	addr   string
	master *control.Client

	campaignState
}

// The groups, each for one purpose. Their routes are their names.
const (
	exact  = "exact"  // has a cap that never changes; reloads replace its workers
	moving = "moving" // has a cap that reloads change; its workers stay; sticky by X-User
	late   = "late"   // has one worker with one slot, a short request_timeout, and a limited queue
	free   = "free"   // has no cap: the app is told when clients leave
)

const (
	exactCap     = 2
	lateCap      = 1
	lateTimeout  = 250 * time.Millisecond
	lateLimit    = 3 // of its queue
	mostMoving   = 3 // its largest cap
	mostRestarts = 100000
)

const campaignConfig = `
def group(name, **kw):
    return WorkerGroup(name=name, app="app:app", routes=["/" + name], max_restarts_on_crash=%d,
                       restart_backoff_on_crash="10ms", websocket_grace="500ms", uvicorn_log_level="warning", **kw)

config = LdConfig(
    bind="127.0.0.1:0",
    startup_timeout="90s",
    workers=[
        group("exact", instances=2, max_req_per_worker=%d),
        group("moving", instances=2, max_req_per_worker=%d, reload_on_sighup=False, sticky=by_header("X-User")),
        group("late", max_req_per_worker=%d, request_timeout="%v", queue_limit=%d, queue_timeout="500ms"),
        group("free", instances=2, balance="%s"),
    ],
)
`

// configure writes the configuration with the cap of moving and the balance of
// free.
func (c *campaign) configure(cap int, balance string) {
	text := fmt.Sprintf(campaignConfig, mostRestarts, exactCap, cap, lateCap, lateTimeout, lateLimit, balance)
	require.NoError(c.t, os.WriteFile(filepath.Join(c.dir, "ldconfig.star"), []byte(text), 0o600))
}

func newCampaign(t testing.TB, seed uint64) *campaign {
	python := harness.Python(t)
	runDir, err := os.MkdirTemp("", "ldc") // short, because it holds sockets
	require.NoError(t, err)
	c := &campaign{t: t, seed: seed, mark: "LDCORN_SCRIPT=" + runDir, runDir: runDir, dir: t.TempDir(), python: python, done: make(chan struct{})}
	c.began = make(map[string]int64)
	t.Cleanup(func() {
		for _, p := range harness.Processes(c.mark) {
			p.Kill()
		}
		_ = os.RemoveAll(runDir)
	})
	app, err := os.ReadFile(filepath.Join("testdata", "app.py"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(c.dir, "app.py"), app, 0o600))
	require.NoError(t, os.Mkdir(filepath.Join(c.dir, "seen"), 0o700))
	require.NoError(t, harness.WriteWrapper(filepath.Join(c.dir, "bin", "python3"), python))
	return c
}

// start runs the master, and waits until it serves.
func (c *campaign) start() {
	c.caps = []capSpan{{cap: 1, span: span{from: monotonic(), to: never}}}
	c.configure(1, "least_busy")
	support := harness.Root(c.t, "testscripts", "support")
	c.cmd = exec.Command("ldcorn", "-c", "ldconfig.star")
	c.cmd.Dir = c.dir
	c.cmd.Env = append(os.Environ(), c.mark, "XDG_RUNTIME_DIR="+c.runDir, "PYTHONPATH="+support, "PYTHONDONTWRITEBYTECODE=1",
		"PATH="+filepath.Join(c.dir, "bin")+string(os.PathListSeparator)+os.Getenv("PATH"), "VIRTUAL_ENV=")
	c.cmd.Stdout, c.cmd.Stderr = &c.log, &c.log
	c.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	require.NoError(c.t, c.cmd.Start())
	go func() { // ends with the process, which the test's cleanup kills
		defer close(c.done)
		_ = c.cmd.Wait() // the ProcessState has the result
	}()
	var match [][]byte
	require.True(c.t, harness.Until(func() bool {
		match = harness.Listening.FindSubmatch(c.log.All())
		return match != nil || c.ended()
	}) && match != nil, "the master does not listen:\n%s", c.log.All())
	c.addr = string(match[1])
	sockets, err := filepath.Glob(filepath.Join(c.runDir, "*", "*", control.SocketName))
	require.NoError(c.t, err)
	require.Len(c.t, sockets, 1)
	c.master = control.NewClient(sockets[0])
}

func (c *campaign) ended() bool {
	select {
	case <-c.done:
		return true
	default:
		return false
	}
}

// stop ends the master and checks that it leaves nothing behind.
func (c *campaign) stop() {
	require.NoError(c.t, c.cmd.Process.Signal(syscall.SIGTERM))
	require.True(c.t, harness.Until(c.ended), "the master does not end")
	require.Zero(c.t, c.cmd.ProcessState.ExitCode())
	require.Empty(c.t, harness.Processes(c.mark))
	require.NotContains(c.t, string(c.log.All()), "DATA RACE")
	require.NotContains(c.t, string(c.log.All()), "panic")
}

// atRest waits until the status of the master shows no pending work.
func (c *campaign) atRest() {
	var out []byte
	ok := harness.Until(func() bool {
		cmd := exec.Command("ldcorn", "status", "--json", "-c", "ldconfig.star")
		cmd.Dir, cmd.Env = c.dir, c.cmd.Env
		var err error
		out, err = cmd.Output()
		require.NoError(c.t, err, "%s", out)
		return isAtRest(c.t, out)
	})
	require.True(c.t, ok, "%s", out)
}

// monotonic returns the time in ns that the apps record too.
func monotonic() int64 {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &t); err != nil {
		panic(err)
	}
	return t.Nano()
}

// showLog returns the part of the master's log to show when a campaign fails:
// its end.
func (c *campaign) showLog() string {
	all := c.log.All()
	if len(all) > 16<<10 {
		all = all[len(all)-16<<10:]
		_, all, _ = bytes.Cut(all, []byte("\n"))
	}
	return string(all)
}

// clients starts all clients, which end when the campaign is over.
func (c *campaign) clients() *sync.WaitGroup {
	var wg sync.WaitGroup
	for _, kind := range []struct {
		group string
		n     int
		run   func(context.Context, *client)
	}{
		{exact, 4, c.stay}, {exact, 2, c.leave}, {exact, 1, c.converse},
		{moving, 4, c.stay}, {moving, 2, c.leave}, {moving, 1, c.converse},
		{late, 3, c.stay}, {late, 1, c.leave},
		{free, 3, c.stay}, {free, 1, c.leave}, {free, 2, c.converse},
	} {
		for range kind.n {
			cl := c.newClient(kind.group)
			wg.Go(func() {
				ctx, cancel := context.WithTimeout(context.Background(), *campaignTime+3*harness.Patience)
				defer cancel()
				kind.run(ctx, cl)
			})
		}
	}
	return &wg
}
