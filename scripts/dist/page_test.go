package main

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// commands returns the commands in the indented blocks of a section of docs/install.md.
// An empty heading is the text before the first one.
func commands(t *testing.T, heading string) string {
	t.Helper()
	data, err := os.ReadFile("../../docs/install.md")
	require.NoError(t, err)
	var out strings.Builder
	section := ""
	for line := range strings.Lines(string(data)) {
		if name, ok := strings.CutPrefix(line, "## "); ok {
			section = strings.TrimSpace(name)
		} else if command, ok := strings.CutPrefix(line, "    "); ok && section == heading {
			out.WriteString(command)
		}
	}
	require.NotEmpty(t, out.String(), "section %q", heading)
	return out.String()
}

// A reader types the commands of docs/install.md in an empty home. There is no release
// yet to load, so curl takes the files of one from the folder of the tests.
type reader struct {
	dist *dist
	home string
	port int
}

func newReader(t *testing.T) *reader {
	t.Helper()
	// A port that was free a moment ago. The page has a fixed one.
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	r := &reader{dist: release(t), home: t.TempDir(), port: l.Addr().(*net.TCPAddr).Port}
	r.script(t, "bin/curl", fmt.Sprintf(`case "$*" in
*/releases/download/v%s/*) for last; do :; done; exec cp "%s/${last##*/}" . ;;
*) exec %s "$@" ;;
esac`, r.dist.version.Semver, r.dist.out, lookPath(t, "curl")))
	r.script(t, "bin/python3", "exec "+pythonForVenvs(t)+` "$@"`)
	for _, name := range []string{"uv", "uvx"} {
		r.script(t, "bin/"+name, "exec "+filepath.Join(filepath.Dir(tools(t)), name)+` "$@"`)
	}
	return r
}

func lookPath(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	require.NoError(t, err)
	return path
}

// script writes a program into the home.
func (r *reader) script(t *testing.T, name, body string) {
	t.Helper()
	path := filepath.Join(r.home, name)
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(t, os.WriteFile(path, []byte("#!/bin/sh\n"+body+"\n"), 0o755))
}

// types runs sections of the page in one shell, from the first to the last, and returns
// what they print.
func (r *reader) types(t *testing.T, headings ...string) string {
	t.Helper()
	text := "set -eu\ntrap 'ldcorn stop >/dev/null 2>&1 || :' EXIT\n" + commands(t, "")
	for _, heading := range headings {
		text += commands(t, heading)
	}
	port := fmt.Sprintf(":%d", r.port)
	text = strings.ReplaceAll(text, "VERSION=0.2.0", "VERSION="+r.dist.version.Semver)
	text = strings.ReplaceAll(text, "linux_amd64", "linux_"+host.arch)
	text = strings.ReplaceAll(text, ":8000", port)
	text = strings.ReplaceAll(text, "ldcorn init\n", "ldcorn init\nsed -i s/:8000/"+port+"/ ldconfig.star\n")
	cmd := exec.CommandContext(t.Context(), "bash", "-c", text)
	cmd.Dir = r.home
	cmd.Env = append(pythonEnv(r.dist, r.home), "PATH="+filepath.Join(r.home, "bin")+":"+os.Getenv("PATH"), "XDG_RUNTIME_DIR="+shortDir(t))
	return output(t, cmd)
}

func TestPageArchive(t *testing.T) {
	t.Parallel()
	out := newReader(t).types(t, "An archive", "The first request")
	assert.Contains(t, out, "ldcorn "+testVersion.Semver+", commit")
	assert.Contains(t, out, "hello from ldcorn\n")
}

func TestPagePip(t *testing.T) {
	t.Parallel()
	out := newReader(t).types(t, "With pip or uv", "The first request")
	assert.Equal(t, 3, strings.Count(out, "ldcorn "+testVersion.Semver+", commit"), out) // of pip, uvx and uv tool
	assert.Contains(t, out, "hello from ldcorn\n")
}
