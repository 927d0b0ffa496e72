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
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/cmd/ldcorn/internal/harness"
)

// minutePage is the page with the recording, and minuteClone the clone in which a
// reader would have made it.
const (
	minutePage  = "docs/first-minute.md"
	minuteClone = "/home/you/ldcorn"
)

// A minuteStep is a command that a user types in a second terminal.
type minuteStep struct {
	say     string // before the command, in the page
	command string
	exits   int
	shows   string // what the first terminal shows then; "" if nothing
}

const minuteStart = "$ cd examples/quickstart && export PATH=\"$PWD/../../bin:$PATH\"\n"

var minuteSteps = []minuteStep{ // only read
	{"In another terminal:", "curl http://127.0.0.1:8000/", 0, ` 200 GET / `},
	{"", "curl http://127.0.0.1:8000/ml-pipeline", 0, ` 200 GET /ml-pipeline `},
	{"What runs:", "ldcorn status", 0, ""},
	{"Who takes a request, and why:", "ldcorn explain 'GET /ml-pipeline'", 0, ""},
	{"Now break the code, and reload it:", "sed -i 's/^import json$/import jsonn/' app.py", 0, ""},
	{"", "ldcorn reload", 1, `reload failed`},
	{"The old workers serve as before:", "curl http://127.0.0.1:8000/", 0, ` 200 GET / .*(?s:.*) 200 GET / `},
	{"Correct it, and reload again. `ml_heavy` is pinned and keeps its process:", "sed -i 's/^import jsonn$/import json/' app.py", 0, ""},
	{"", "ldcorn reload", 0, `reload applied`},
	{"And stop:", "ldcorn stop", 0, ` stopped$`},
}

// TestFirstMinute types the commands of docs/first-minute.md and compares what the
// two terminals show with the page, except for numbers, times and what depends on
// the versions of Python and Uvicorn. UPDATE_RECORDING=1 writes the page.
func TestFirstMinute(t *testing.T) {
	got := recordMinute(t)
	path := harness.Root(t, minutePage)
	if os.Getenv("UPDATE_RECORDING") != "" {
		require.NoError(t, os.WriteFile(path, []byte(got), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, masked(string(want)), masked(got), "UPDATE_RECORDING=1 writes %s", minutePage)
	for line := range strings.Lines(string(want)) {
		assert.NotContains(t, line, "\x1b")
	}
}

// recordMinute returns the page.
func recordMinute(t *testing.T) string {
	clone, err := os.MkdirTemp("/tmp", "m") // short, since commands cut long paths
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(clone) })
	dir := filepath.Join(clone, "examples", "quickstart")
	require.NoError(t, os.CopyFS(dir, os.DirFS(harness.Root(t, "examples/quickstart"))))
	config, err := os.ReadFile(filepath.Join(dir, "ldconfig.star"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "ldconfig.star"), []byte(strings.Replace(string(config), `"127.0.0.1:8000"`, `"127.0.0.1:0"`, 1)), 0o600))
	require.NoError(t, harness.WriteWrapper(filepath.Join(clone, ".run", "python3"), harness.Python(t)))
	env := append(os.Environ(), "LANG=C.UTF-8", "VIRTUAL_ENV=", "NO_COLOR=1", "XDG_RUNTIME_DIR="+clone, "PATH="+filepath.Join(clone, ".run")+":"+os.Getenv("PATH"))

	makefile, err := os.ReadFile(harness.Root(t, "Makefile"))
	require.NoError(t, err)
	run := regexp.MustCompile(`(?ms)^run: .*?@echo '([^\n]*)'$.*? (bin/ldcorn -c \S+)$`).FindStringSubmatch(string(makefile))
	require.NotNil(t, run, "make run runs bin/ldcorn -c FILE")
	cmd := exec.Command("ldcorn", strings.Fields(run[2])[1:]...)
	cmd.Args[0] = "bin/ldcorn"
	cmd.Dir, cmd.Env = clone, append(env, "TERM=xterm")
	term := harness.StartAt(t, cmd)
	await(t, term, `ready in \d`)
	addr := regexp.MustCompile(`http://(127\.0\.0\.1:\d+)`).FindStringSubmatch(shown(term))
	require.NotNil(t, addr)
	plain := strings.NewReplacer(addr[1], "127.0.0.1:8000", clone, minuteClone, "(devel)", "0.2.0").Replace

	var page strings.Builder
	page.WriteString("# The first minute\n\nWhat two terminals show while you follow [the quickstart](quickstart.md#try-it), in a clone. A test types the same commands and compares.\n\n```console\n$ make run\n" + run[1] + "\n")
	for _, m := range regexp.MustCompile(`(?m)^# try: (.*)$`).FindAllStringSubmatch(string(config), -1) {
		page.WriteString("  " + m[1] + "\n")
	}
	seen := len(shown(term))
	page.WriteString(plain(shown(term)) + "```\n")
	for i, s := range minuteSteps {
		first := s.say != ""
		if first {
			page.WriteString("\n" + s.say + "\n\n```console\n")
		}
		if i == 0 {
			page.WriteString(minuteStart)
		}
		out, code := typed(t, dir, env, addr[1], s.command)
		assert.Equal(t, s.exits, code, "%s: %s", s.command, out)
		page.WriteString("$ " + s.command + "\n" + plain(out))
		if s.shows != "" {
			await(t, term, s.shows)
		}
		if i+1 == len(minuteSteps) || minuteSteps[i+1].say != "" {
			page.WriteString("```\n")
			if s.shows != "" {
				all := shown(term)
				page.WriteString("\nThe first terminal shows:\n\n```\n" + plain(all[seen:]) + "```\n")
				seen = len(all)
			}
		}
	}
	assert.Equal(t, 0, term.Wait())
	return page.String()
}

// typed runs a command as a user types it, at a terminal of its own without
// control sequences, and returns what it shows. The port in it is that of the
// page.
func typed(t *testing.T, dir string, env []string, addr, command string) (out string, code int) {
	t.Helper()
	if url, is := strings.CutPrefix(command, "curl http://127.0.0.1:8000"); is {
		resp, err := http.Get("http://" + addr + url)
		require.NoError(t, err)
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		return strings.TrimRight(string(body), "\n") + "\n", 0
	}
	cmd := exec.Command("sh", "-c", command)
	cmd.Dir, cmd.Env = dir, append(env, "TERM=dumb")
	term := harness.StartAt(t, cmd)
	code = term.WaitAll()
	return shown(term), code
}

// masks replace what differs between two recordings.
var masks = []struct {
	of *regexp.Regexp
	by string
}{ // only read
	{regexp.MustCompile(`(?m)^default: (?:stopping|draining|worker \d failed) .*\n`), ""},               // how many of these lines there are
	{regexp.MustCompile(`(?m)^\d\d:\d\d:\d\d warning: default\.\d: start failed, .*\n(?: +.*\n)*`), ""}, // how often, while the other worker takes longer
	{regexp.MustCompile(`(?m)^(WORKER|default\.\d|ml_heavy\.\d) .*`), "$1"},                             // which columns fit
	{regexp.MustCompile(`,\s*(/home/you)`), ", $1"},                                                     // whether it fits
	{regexp.MustCompile(`ldcorn \([^)]*\)|ldcorn \d+\.\d+\.\d+\S*`), "ldcorn VERSION"},
	{regexp.MustCompile(`(?m)^  … \d+ frames of .*$|(\| +)… \d+ frames of .*$`), "  … FRAMES"},
	{regexp.MustCompile(`(?:\d+(?:\.\d+)? ?(?:ms|s|m|h|d)\b)+`), "TIME"},
	{regexp.MustCompile(`\d+([.,:]\d+)*`), "N"},
	{regexp.MustCompile(`exit code N[^\n(;]*`), "EXIT"},
	{regexp.MustCompile(`(?m)^ +[~^]+$|\| +[~^]+$`), ""},
	{regexp.MustCompile(`": "?`), `":`},
	{regexp.MustCompile(`", "`), `","`},
	{regexp.MustCompile(` {2,}`), "  "},
	{regexp.MustCompile(`\n{2,}`), "\n"},
}

func masked(text string) string {
	text = unwrapped(text)
	for _, m := range masks {
		text = m.of.ReplaceAllString(text, m.by)
	}
	return text
}
