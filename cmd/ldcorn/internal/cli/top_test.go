//go:build linux

package cli

import (
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/vt"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/ldcorn/ldcorn/cmd/ldcorn/internal/harness"
)

const topConfig = `config = LdConfig(bind = "127.0.0.1:0", startup_timeout = "10m", workers = [
    WorkerGroup(name = "web", app = "app:app", cwd = ".", instances = 2, routes = ["*"], reload_on_sighup = False),
    WorkerGroup(name = "slow", app = "app:app", cwd = ".", routes = ["/slow"], reload_on_sighup = False),
])
`

const topApp = `import asyncio
import os
import time

async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    while scope["path"] == "/block" and not os.path.exists("go"):
        time.sleep(0.01)
    if scope["path"] == "/slow":
        await asyncio.sleep(3600)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"ok"})
`

// A topRig is a master, and a terminal at which ldcorn top runs.
type topRig struct {
	*harness.Terminal
	t   *testing.T
	dir string
	env []string
	url string

	emulator *vt.Emulator
	drawn    int // how much of the output it has
}

// startTop starts a master and ldcorn top.
func startTop(t *testing.T) *topRig {
	dir := t.TempDir()
	run, err := os.MkdirTemp("/tmp", "t") // short, since it is for sockets
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(run) })
	require.NoError(t, os.WriteFile(filepath.Join(dir, "ldconfig.star"), []byte(topConfig), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "app.py"), []byte(topApp), 0o600))
	require.NoError(t, harness.WriteWrapper(filepath.Join(run, "python3"), harness.Python(t)))
	r := &topRig{t: t, dir: dir, env: append(os.Environ(), "LANG=C.UTF-8", "VIRTUAL_ENV=", "NO_COLOR=", "TERM=xterm-256color",
		"XDG_RUNTIME_DIR="+run, "PATH="+run+":"+os.Getenv("PATH"))}
	r.master()
	r.Terminal = harness.StartAt(t, r.command("top", "--interval", "200ms"))
	return r
}

func (r *topRig) command(args ...string) *exec.Cmd {
	cmd := exec.Command("ldcorn", args...)
	cmd.Dir, cmd.Env = r.dir, r.env
	return cmd
}

// master starts a master, and waits until it serves.
func (r *topRig) master() *harness.Terminal {
	term := harness.StartAt(r.t, r.command("run"))
	await(r.t, term, `ready in \d`)
	r.url = regexp.MustCompile(`http://127\.0\.0\.1:\d+`).FindString(shown(term))
	require.NotEmpty(r.t, r.url)
	return term
}

// ldcorn runs a command, which must succeed.
func (r *topRig) ldcorn(args ...string) {
	out, err := r.command(args...).CombinedOutput()
	require.NoError(r.t, err, "%s", out)
}

// screen returns what a person sees at the terminal, and whether that is the screen of
// ldcorn top. It goes on from what it has seen before: all of the output again, at each
// look, would take a busy machine longer than ldcorn top takes to draw.
func (r *topRig) screen() (text string, alternate bool) {
	if r.emulator == nil {
		r.emulate()
	}
	all := r.Shown.All()
	_, _ = r.emulator.Write(all[r.drawn:])
	r.drawn = len(all)
	return ansi.Strip(r.emulator.Render()), r.emulator.IsAltScreen()
}

// emulate makes the emulator, and reads what the program asks the terminal.
func (r *topRig) emulate() {
	e := vt.NewEmulator(80, 24)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = io.Copy(io.Discard, e)
	}()
	r.t.Cleanup(func() {
		_ = e.InputPipe().(io.Closer).Close() // Close itself must not come during a read
		<-done
		_ = e.Close()
	})
	r.emulator = e
}

// sees waits until the screen matches a pattern.
func (r *topRig) sees(pattern string) {
	r.t.Helper()
	re := regexp.MustCompile(`(?m)` + pattern)
	if !harness.Until(func() bool { text, _ := r.screen(); return re.MatchString(text) }) {
		text, _ := r.screen()
		require.FailNow(r.t, "not on the screen", "%s\n%s", pattern, text)
	}
}

// types types keys.
func (r *topRig) types(keys string) { require.NoError(r.t, r.Type(keys)) }

// mode returns the settings of the terminal that a raw mode changes.
func (r *topRig) mode() uint32 {
	tty, err := os.OpenFile(r.Path(), os.O_RDWR|syscall.O_NOCTTY, 0)
	require.NoError(r.t, err)
	defer tty.Close()
	mode, err := unix.IoctlGetTermios(int(tty.Fd()), unix.TCGETS)
	require.NoError(r.t, err)
	return mode.Lflag
}

// restored checks that the terminal is as it was before ldcorn top.
func (r *topRig) restored() {
	r.t.Helper()
	_, alternate := r.screen()
	assert.False(r.t, alternate, "the screen of before")
	assert.NotZero(r.t, r.mode()&unix.ECHO, "what the user types is shown again")
	assert.NotZero(r.t, r.mode()&unix.ICANON)
	all := string(r.Shown.All())
	assert.Greater(r.t, strings.LastIndex(all, "\x1b[?25h"), strings.LastIndex(all, "\x1b[?25l"), "the cursor is visible")
}

// TestTop goes through ldcorn top as a user does.
func TestTop(t *testing.T) {
	r := startTop(t)
	go func() { // a request that stays in hand
		if resp, err := http.Get(r.url + "/slow"); err == nil {
			resp.Body.Close()
		}
	}()
	r.sees(`^web +2/2 .*\nslow +1/1 `)
	r.types("s")
	r.sees(`sorted by GROUP`)
	r.sees(`^slow +1/1 .*\nweb +2/2 `)
	r.types("2")
	r.sees(`^web\.1 +\d+ ready `)
	r.sees(`^slow\.0 +\d+ ready .* GET /slow`)
	r.types("/slo")
	r.sees(`filter: slo`)
	r.types("\r")
	r.sees(`4 Events   filter: slo`)
	text, _ := r.screen()
	assert.NotContains(t, text, "web.")
	r.types("3")
	r.sees(`working +slow\.0 .* GET +/slow`)
	r.types("\x1b")
	r.sees(`4 Events *$`) // or Esc and the next key would be one with Alt
	r.types("4")
	r.sees(`web\.0 +ready`)

	require.NoError(t, os.WriteFile(filepath.Join(r.dir, "ldconfig.star"), []byte(strings.Replace(topConfig, "instances = 2", "instances = 3", 1)), 0o600))
	r.types("1P")
	r.sees(`web +resize 2 -> 3`)
	r.types("R")
	r.sees(`Apply this plan\? y = yes`)
	r.types("n")
	r.sees(`nothing was done`)
	r.types("Ry")
	r.sees(`^generation 2 is in effect`)
	r.sees(`^reload applied`)
	r.types("\x1b")
	r.sees(`^GROUP .*\n(.*\n)?web +3/3 `)
	r.types("gjH")
	r.sees(`Make the requests of web wait`)
	r.types("y")
	r.sees(`^web \(held\)`)
	r.types("q")
	assert.Equal(t, 0, r.WaitAll())
	r.restored()
}

// TestTopIncidents: top names what is wrong in every view, with the cause.
func TestTopIncidents(t *testing.T) {
	r := startTop(t)
	r.sees(`^web +2/2 `)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if resp, err := http.Get(r.url + "/block"); err == nil {
			resp.Body.Close()
		}
	}()
	r.sees(`^!  web\.\d: blocked event loop for \d+s: one request blocks the worker`)
	r.sees(`^   requests: GET /block \(id [0-9a-f]{16}\)`)
	r.sees(`^web +2/2 .* \d+\.\ds +\d+ +\d+M `) // WAIT
	r.types("2")
	r.sees(`^!  web\.\d: blocked event loop for `)
	r.sees(`^web\.\d +\d+ blocked +\d+s `)
	r.types("4")
	r.sees(`web\.\d +incident +blocked event loop`)
	require.NoError(t, os.WriteFile(filepath.Join(r.dir, "go"), nil, 0o600))
	<-ended
	if !harness.Until(func() bool { text, _ := r.screen(); return !strings.Contains(text, "!  web") }) {
		t.Error("it is still there")
	}
	r.types("q")
	assert.Equal(t, 0, r.WaitAll())
}

// TestTopWithoutMaster ends the master, starts another one, and ends ldcorn top with a
// signal.
func TestTopWithoutMaster(t *testing.T) {
	r := startTop(t)
	r.sees(`generation 1,`)
	r.ldcorn("stop")
	r.sees(`lost the master, and looking for it`)
	r.master()
	r.sees(`^web +2/2 `)
	if !harness.Until(func() bool { text, _ := r.screen(); return !strings.Contains(text, "lost the master") }) {
		t.Error("still lost")
	}
	require.NoError(t, r.Resize(30, 8))
	r.sees(`^web`)
	require.NoError(t, r.Signal(syscall.SIGTERM))
	assert.Equal(t, 0, r.WaitAll())
	r.restored()
}

// TestTopInterrupted presses Ctrl-C.
func TestTopInterrupted(t *testing.T) {
	r := startTop(t)
	r.sees(`^web +2/2 `)
	r.types("\x03")
	assert.Equal(t, 0, r.WaitAll())
	r.restored()
}
