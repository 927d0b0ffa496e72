package main

import (
	"bufio"
	"fmt"
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
)

// tools returns the interpreter of scripts/get-dist-tools, which has twine and others.
func tools(t *testing.T) string {
	t.Helper()
	path := os.Getenv("LDCORN_TEST_DIST_TOOLS")
	require.NotEmpty(t, path, "run make test-dist, or set LDCORN_TEST_DIST_TOOLS to what scripts/get-dist-tools prints")
	return path
}

// pythonForVenvs returns an interpreter that can make virtual environments.
func pythonForVenvs(t *testing.T) string {
	t.Helper()
	return strings.TrimSpace(output(t, exec.Command(tools(t), "-c", "import os, sys; print(os.path.realpath(sys.executable))")))
}

// pythonEnv is the environment of commands that install the wheel with pip or uv.
func pythonEnv(d *dist, home string) []string {
	return append(os.Environ(), "HOME="+home, "VIRTUAL_ENV=", "PIP_FIND_LINKS="+d.out, "UV_FIND_LINKS="+d.out,
		"PIP_DISABLE_PIP_VERSION_CHECK=1", "UV_PYTHON_DOWNLOADS=never")
}

// The tools of Python read the wheel, and find nothing wrong with it.
func TestWheel(t *testing.T) {
	t.Parallel()
	d := release(t)
	wheel := d.find(t, "*.whl")
	assert.Regexp(t, `^ldcorn_go-1\.2\.3-py3-none-manylinux_2_17_\w+\.manylinux2014_\w+\.musllinux_1_1_\w+\.whl$`, filepath.Base(wheel))
	assert.Contains(t, output(t, exec.Command(tools(t), "-m", "twine", "check", "--strict", wheel)), "PASSED")
	output(t, exec.Command(tools(t), "-c", `
import sys, zipfile
from packaging.metadata import Metadata
from packaging.tags import parse_tag
from packaging.utils import parse_wheel_filename
path = sys.argv[1]
name, version, build, tags = parse_wheel_filename(path.rpartition("/")[2])
files = zipfile.ZipFile(path)
dist_info = f"ldcorn_go-{version}.dist-info/"
meta = Metadata.from_email(files.read(dist_info + "METADATA"), validate=True)
assert (name, str(version)) == ("ldcorn-go", "1.2.3") == (meta.name, str(meta.version)), (name, version)
assert str(meta.requires_dist[0]) == "uvicorn>=0.17", meta.requires_dist
lines = files.read(dist_info + "WHEEL").decode().splitlines()
assert set().union(*(parse_tag(l[5:]) for l in lines if l.startswith("Tag: "))) == tags
for text in meta.license_files:
    assert files.read(dist_info + "licenses/" + text)
`, wheel))
	// It fails if a checksum in RECORD is wrong, or a file is not in it.
	output(t, exec.Command(tools(t), "-m", "wheel", "unpack", "--dest", t.TempDir(), wheel))
}

func TestSBOMIsValid(t *testing.T) {
	t.Parallel()
	output(t, exec.Command(tools(t), "-c", `
import sys
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
wrong = JsonStrictValidator(SchemaVersion.V1_6).validate_str(open(sys.argv[1]).read())
assert wrong is None, wrong
`, release(t).find(t, "*.cdx.json")))
}

const wheelConfig = `from ldcorn.config import LdConfig, WorkerGroup

config = LdConfig(
    bind="127.0.0.1:0",
    workers=[WorkerGroup(name="all", app="main:app", instances=1, routes=["*"])],
)
`

const wheelApp = `import sys
import uvicorn

async def app(scope, receive, send):
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200})
        await send({"type": "http.response.body", "body": sys.prefix.encode()})
`

// With the wheel in an environment, ldcorn runs a configuration of the Python ldcorn with
// that environment's Uvicorn, without being told where it is, and beside the Python ldcorn.
func TestWheelServes(t *testing.T) {
	t.Parallel()
	d := release(t)
	dir := t.TempDir()
	env := filepath.Join(dir, "env") // not .venv, which ldcorn looks for
	run := func(name string, args ...string) string {
		cmd := exec.Command(name, args...)
		cmd.Dir, cmd.Env = dir, pythonEnv(d, dir)
		return output(t, cmd)
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "ldconfig.py"), []byte(wheelConfig), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "main.py"), []byte(wheelApp), 0o600))
	run(pythonForVenvs(t), "-m", "venv", env)
	pip := []string{"-m", "pip", "install", "--quiet", "--no-input"}
	run(filepath.Join(env, "bin/python"), append(pip, "ldcorn-go==1.2.3")...)

	ldcorn, always := filepath.Join(env, "bin/ldcorn"), filepath.Join(env, "bin/ldcorn-go")
	assert.Equal(t, env, served(t, d, dir, ldcorn, "-c", "ldconfig.py"))
	assert.NotContains(t, run(ldcorn, "check"), "Python version")
	link := filepath.Join(dir, "linked") // as pipx makes them
	require.NoError(t, os.Symlink(ldcorn, link))
	assert.Contains(t, run(link, "version"), "ldcorn 1.2.3")
	require.NoError(t, os.Symlink("linked", filepath.Join(dir, "relative")))
	assert.Contains(t, run(filepath.Join(dir, "relative"), "version"), "ldcorn 1.2.3")

	// It asks for Python 3.12, but runs with earlier ones too.
	run(filepath.Join(env, "bin/python"), append(pip, "--ignore-requires-python", "ldcorn==0.1.3")...)
	run(filepath.Join(env, "bin/python"), "ldconfig.py")
	check := exec.Command(always, "check")
	check.Dir, check.Env = dir, append(pythonEnv(d, dir), "PATH="+filepath.Join(env, "bin")+":"+os.Getenv("PATH"))
	assert.Contains(t, output(t, check), "`ldcorn` on PATH is the Python version, "+ldcorn+": to run this one, call it ldcorn-go")
	assert.Equal(t, env, served(t, d, dir, always, "-c", "ldconfig.py"))

	// Without either, nothing of it is left.
	run(filepath.Join(env, "bin/python"), "-m", "pip", "uninstall", "--quiet", "--yes", "ldcorn-go", "ldcorn")
	assert.NoFileExists(t, always)
	assert.NoFileExists(t, ldcorn)
}

var listening = regexp.MustCompile(`addr"?[=:]"?(127\.0\.0\.1:\d+)`)

// served starts a master, and returns the answer to a request. The master has stopped then.
func served(t *testing.T, d *dist, dir string, command ...string) string {
	t.Helper()
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Dir, cmd.Env = dir, append(pythonEnv(d, dir), "XDG_RUNTIME_DIR="+shortDir(t))
	log, err := cmd.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	defer func() {
		_ = cmd.Process.Signal(os.Interrupt)
		_, _ = io.Copy(io.Discard, log)
		_ = cmd.Wait()
	}()
	seen := ""
	for lines := bufio.NewScanner(log); lines.Scan(); {
		seen += lines.Text() + "\n"
		if m := listening.FindStringSubmatch(lines.Text()); m != nil {
			resp, err := http.Get(fmt.Sprintf("http://%s/", m[1]))
			require.NoError(t, err, seen)
			defer resp.Body.Close()
			body, err := io.ReadAll(resp.Body)
			require.NoError(t, err)
			return string(body)
		}
	}
	require.Fail(t, "the master does not listen", "%s", seen)
	return ""
}

// shortDir returns a folder for sockets, whose paths must be short.
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "d")
	require.NoError(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}
