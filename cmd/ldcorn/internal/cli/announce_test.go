//go:build linux

package cli

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/cmd/ldcorn/internal/harness"
	"github.com/ldcorn/ldcorn/engine/plan"
)

const terminalApp = `
import os

async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": message["type"] + ".complete"})
            if message["type"] == "lifespan.shutdown":
                return
    if scope["path"] == "/die":
        os._exit(7)
    print("asked for", scope["path"], flush=True)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})
`

// atTerminal runs a configuration of some groups at a terminal until it is ready,
// and returns its address.
func atTerminal(t *testing.T, config string, env []string, args ...string) (*harness.Terminal, string) {
	t.Helper()
	term := startAtTerminal(t, config, env, args...)
	await(t, term, `ready in \d`)
	addr := regexp.MustCompile(`http://(127\.0\.0\.1:\d+)`).FindStringSubmatch(shown(term))
	require.NotNil(t, addr, shown(term))
	return term, addr[1]
}

func startAtTerminal(t *testing.T, config string, env []string, args ...string) *harness.Terminal {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "app.py"), []byte(terminalApp), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "broken.py"), []byte("\nimport nosuchmodule\n"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "ldconfig.star"), []byte(config), 0o600))
	require.NoError(t, harness.WriteWrapper(filepath.Join(dir, ".venv/bin/python"), harness.Python(t)))
	cmd := exec.Command("ldcorn", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "TERM=xterm-256color", "LANG=C.UTF-8", "VIRTUAL_ENV=", "NO_COLOR=", "XDG_RUNTIME_DIR="+dir)
	cmd.Env = append(cmd.Env, env...)
	return harness.StartAt(t, cmd)
}

func shown(term *harness.Terminal) string {
	return strings.ReplaceAll(string(term.Shown.All()), "\r\n", "\n")
}

// unwrapped joins the lines of each remark of a command.
func unwrapped(text string) string {
	lines := strings.Split(text, "\n")
	var out []string
	hang := ""
	for _, line := range lines {
		if rest, ok := strings.CutPrefix(line, hang); hang != "" && ok && !strings.HasPrefix(rest, " ") {
			out[len(out)-1] += " " + rest
			continue
		}
		hang = ""
		if label := regexp.MustCompile(`^(ldcorn|hint): `).FindString(line); label != "" {
			hang = strings.Repeat(" ", len(label))
		}
		out = append(out, line)
	}
	return strings.Join(out, "\n")
}

// await waits until the terminal shows a text, on any number of lines.
func await(t *testing.T, term *harness.Terminal, pattern string) {
	t.Helper()
	re := regexp.MustCompile("(?m)" + pattern)
	require.True(t, harness.Until(func() bool { return re.MatchString(unwrapped(shown(term))) }), "%s is not in:\n%s", pattern, shown(term))
}

func get(t *testing.T, addr, path string) int {
	t.Helper()
	resp, err := http.Get("http://" + addr + path)
	require.NoError(t, err)
	defer resp.Body.Close()
	return resp.StatusCode
}

const fiveWorkers = `config = LdConfig(bind="127.0.0.1:0", workers=[
    WorkerGroup("fast", "app:app", instances=2, routes=["/fast", "/api/*"], max_req_per_worker=10),
    WorkerGroup("ml_heavy", "app:app", routes=["/ml*", prefix("/gpu/model/of/a/long/name") & method("POST")], max_req_per_worker=1, queue_limit=100),
    WorkerGroup("web", "app:app", instances=2),
])
`

// TestStartAtTerminal checks that a start of five workers is at most ten lines of
// at most 80 columns, and that a worker's line has a time.
func TestStartAtTerminal(t *testing.T) {
	term, addr := atTerminal(t, fiveWorkers, []string{"NO_COLOR=1"})
	start := strings.Split(strings.TrimSuffix(shown(term), "\n"), "\n")
	assert.LessOrEqual(t, len(start), 10)
	for _, line := range start {
		assert.LessOrEqual(t, utf8.RuneCountInString(line), 80, line)
		assert.NotContains(t, line, "\x1b")
	}
	assert.Regexp(t, `^ldcorn \S+  http://127\.0\.0\.1:\d+  ldconfig\.star  pid \d+
  fast      2 workers  10 requests each           /fast, /api/\*
  ml_heavy  1 worker   1 request each, queue 100  /ml\*, .*…
  web       2 workers  no cap                     \*
ready in \d+\.\ds; try ldcorn status, ldcorn explain 'GET /', ldcorn reload\n$`, shown(term))

	assert.Equal(t, 200, get(t, addr, "/x"))
	await(t, term, `^\d\d:\d\d:\d\d web\.\d \| asked for /x$`)
	require.NoError(t, term.Type("\x03"))
	assert.Equal(t, 0, term.Wait())
	await(t, term, `^\d\d:\d\d:\d\d stopped$`)
	assert.NotContains(t, shown(term), "INFO:  ")
}

// TestCrashAtTerminal checks that a crash is one line with its reason and a hint,
// and that colors are shown.
func TestCrashAtTerminal(t *testing.T) {
	term, addr := atTerminal(t, `config = LdConfig(bind="127.0.0.1:0", workers=[WorkerGroup("web", "app:app")])`, nil)
	conn, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	defer conn.Close()
	_, err = conn.Write([]byte("POST /die HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"))
	require.NoError(t, err)
	await(t, term, `hint: ldcorn logs web shows its output$`)
	assert.Regexp(t, "(?m)^\x1b\\[2m[0-9:]{8}\x1b\\[0m \x1b\\[33mwarning: \x1b\\[0mweb\\.0: worker crashed: exit code 7 ", shown(term))
}

// TestBrokenImportAtTerminal checks that nine workers that cannot import their
// app show one traceback, which begins with the frames of the app.
func TestBrokenImportAtTerminal(t *testing.T) {
	term := startAtTerminal(t, `config = LdConfig(bind="127.0.0.1:0", workers=[
    WorkerGroup("web", "broken:app", instances=5),
    WorkerGroup("ml", "broken:app", instances=4, routes=["/ml"]),
])
`, []string{"NO_COLOR=1"})
	assert.Equal(t, 1, term.Wait())
	await(t, term, `^ldcorn: group "(web|ml)": all \d workers failed to start; the last error: exit code 1 before it was ready; it wrote: ModuleNotFoundError: No module named 'nosuchmodule'$`)
	assert.LessOrEqual(t, strings.Count(shown(term), "\n"), 25, shown(term))
	for _, one := range []string{`Traceback \(most recent call last\):`, `broken\.py", line 2, in <module>`, `… \d+ frames of .*uvicorn.* \(-v shows all\)`} {
		assert.Len(t, regexp.MustCompile(one).FindAllString(shown(term), -1), 1, one)
	}
	await(t, term, `^\d\d:\d\d:\d\d \d more workers? failed with the same error$`)
	await(t, term, `^hint: install the package that has the module nosuchmodule`)
	assert.NotContains(t, shown(term), "site-packages")
}

// TestBrokenReloadAtTerminal checks that a reload whose workers do not start shows
// one traceback each time, and that the commands that ask for it show it, too.
func TestBrokenReloadAtTerminal(t *testing.T) {
	term, addr := atTerminal(t, `config = LdConfig(bind="127.0.0.1:0", workers=[WorkerGroup("web", "app:app", instances=3)])`, []string{"NO_COLOR=1"})
	require.NoError(t, os.WriteFile(filepath.Join(term.Dir(), "app.py"), []byte("import nosuchmodule\n"), 0o600))
	for n, command := range [][]string{{"reload"}, {"restart", "web"}} {
		out := term.Run(command...)
		assert.Contains(t, out, "import nosuchmodule")
		assert.Regexp(t, `… \d+ frames of `, out)
		assert.Regexp(t, `\nhint: install the package that has the module nosuchmodule.*\n$`, out)
		assert.NotContains(t, out, "site-packages")
		require.True(t, harness.Until(func() bool {
			return strings.Count(shown(term), "ModuleNotFoundError") >= n+2
		}))
	}
	assert.Equal(t, 200, get(t, addr, "/x"))
	out := term.Run("status")
	assert.Contains(t, out, "ModuleNotFoundError: No module named 'nosuchmodule'; ldcorn logs")
	assert.Contains(t, term.Run("logs", "web"), "site-packages", "what is folded can be read")
	logs := harness.StartAt(t, term.Command("logs", "web"))
	assert.Equal(t, 0, logs.Wait())
	await(t, logs, `^[0-9:]{8} web\.\d \|   … \d+ frames of .* \(ldcorn logs web -v shows all\)$`)
	assert.NotContains(t, shown(logs), "site-packages")
	logs = harness.StartAt(t, term.Command("logs", "-v"))
	assert.Equal(t, 0, logs.Wait())
	await(t, logs, "site-packages")
}

// TestVerboseAtTerminal checks that -v shows what a terminal leaves out otherwise.
func TestVerboseAtTerminal(t *testing.T) {
	term, _ := atTerminal(t, `config = LdConfig(bind="127.0.0.1:0", workers=[WorkerGroup("web", "app:app")])`, []string{"NO_COLOR=1"}, "run", "-v")
	await(t, term, `^[0-9:]{8} web\.0: worker state changed \(.*state=ready`)
	await(t, term, `^[0-9:]{8} web\.0\[\d+\] \| INFO: +Application startup complete\.$`)
	await(t, term, `^[0-9:]{8} starting \(`)
}

// TestRequestsAtTerminal checks that each request is a line, in colors and
// harmless, and that a terminal that stands still delays none.
func TestRequestsAtTerminal(t *testing.T) {
	term, addr := atTerminal(t, `config = LdConfig(bind="127.0.0.1:0", workers=[WorkerGroup("web", "app:app", routes=["/"])])`, nil)
	assert.Equal(t, 200, get(t, addr, "/x?y=%1b"))
	await(t, term, "^\x1b\\[2m[0-9:]{8}\x1b\\[0m \x1b\\[32m200\x1b\\[0m GET /x\\?y=%1b → web\\.0 [0-9.]+ ms$")
	conn, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	defer conn.Close()
	_, err = conn.Write([]byte("GET /\x1b[2J HTTP/1.1\r\nHost: x\r\n\r\n"))
	require.NoError(t, err)
	await(t, term, `400.* "GET /\\x1b\[2J HTTP/1\.1" [0-9.]+ ms: `)

	require.NoError(t, term.Pause())
	for range 50 {
		assert.Equal(t, 200, get(t, addr, "/still"))
	}
	assert.Equal(t, 200, get(t, addr, "/last"))
	assert.NotContains(t, shown(term), "/last")
	require.NoError(t, term.Resume())
	await(t, term, `GET /last → web\.0`)
	assert.Equal(t, 50, strings.Count(shown(term), "GET /still → "))
}

// TestNoRequestsAtTerminal checks what turns the lines of requests off.
func TestNoRequestsAtTerminal(t *testing.T) {
	for name, c := range map[string]struct {
		config string
		args   []string
		lines  int
	}{
		"quiet": {"", []string{"--quiet"}, 0},
		"False": {", access_log=False", nil, 0},
		"None":  {", access_log=None", nil, 1},
		"True":  {", access_log=True", nil, 0},
	} {
		t.Run(name, func(t *testing.T) {
			term, addr := atTerminal(t, `config = LdConfig(bind="127.0.0.1:0", workers=[WorkerGroup("web", "app:app")]`+c.config+`)`, nil, c.args...)
			assert.Equal(t, 200, get(t, addr, "/x"))
			require.NoError(t, term.Type("\x03"))
			assert.Equal(t, 0, term.Wait())
			await(t, term, "stopped$")
			assert.Equal(t, c.lines, strings.Count(shown(term), "GET /x → "), shown(term))
			assert.Equal(t, name == "True", strings.Contains(shown(term), `"GET /x HTTP/1.1" 200 2 `))
		})
	}
}

// TestJSONAtTerminal checks that a log in JSON is the same at a terminal.
func TestJSONAtTerminal(t *testing.T) {
	term := startAtTerminal(t, `config = LdConfig(bind="127.0.0.1:0", workers=[WorkerGroup("web", "app:app")])`, nil, "--log-format", "json")
	await(t, term, `"msg":"listening","addr":"`)
	addr := harness.Listening.FindStringSubmatch(shown(term))
	require.NotNil(t, addr)
	assert.Equal(t, 200, get(t, addr[1], "/x"))
	require.NoError(t, term.Type("\x03"))
	assert.Equal(t, 0, term.Wait())
	await(t, term, `"msg":"stopped"`)
	for line := range strings.Lines(shown(term)) {
		if line = strings.TrimPrefix(line, "^C"); !json.Valid([]byte(line)) {
			t.Errorf("not JSON: %q", line)
		}
	}
	for _, all := range []string{`"msg":"starting"`, "worker state changed", "Application startup complete."} {
		assert.Contains(t, shown(term), all)
	}
}

func TestAnnouncer(t *testing.T) {
	var out strings.Builder
	a := announcer{out: &out, program: "ldcorn", version: "1.2", config: "my conf.star", named: true, begun: time.Now()}
	a.serving()
	assert.Regexp(t, `^ready in 0\.0s; try ldcorn -c 'my conf\.star' status, explain 'GET /', reload\n$`, out.String())

	for want, addr := range map[string]net.Addr{
		"http://127.0.0.1:80":  &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 80},
		"http://[::1]:80":      &net.TCPAddr{IP: net.IPv6loopback, Port: 80},
		"http://localhost:80":  &net.TCPAddr{IP: net.IPv6unspecified, Port: 80},
		"http://localhost:81":  &net.TCPAddr{IP: net.IPv4zero, Port: 81},
		"unix:/run/web.socket": &net.UnixAddr{Name: "/run/web.socket", Net: "unix"},
	} {
		assert.Equal(t, want, url("http", addr))
	}

	out.Reset()
	p := new(plan.Plan)
	for i := range 30 {
		p.Groups = append(p.Groups, &plan.Group{Name: fmt.Sprint("g", i), Instances: 1})
	}
	a.starting(p, []net.Addr{&net.TCPAddr{IP: net.IPv4zero, Port: 81}})
	assert.Equal(t, shownGroups+1, strings.Count(out.String(), "\n"))
	assert.Contains(t, out.String(), "  and 11 more groups: ldcorn check lists all\n")
}
