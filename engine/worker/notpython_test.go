package worker

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/plan"
)

// TestProbe_NotPython: the error for a program that is not Python says so, with
// the first line of the program's output, but without the script that it was
// given.
func TestProbe_NotPython(t *testing.T) {
	dir := t.TempDir()
	venv := filepath.Join(dir, "venv", "bin")
	require.NoError(t, os.MkdirAll(venv, 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "venv", "pyvenv.cfg"), nil, 0o600))
	beside := script(t, filepath.Join(venv, "python"), "exit 0")
	long := filepath.Join(dir, "long", "bin")
	require.NoError(t, os.MkdirAll(long, 0o700))
	script(t, filepath.Join(long, "python3"), "exit 0")
	wordy := filepath.Join(dir, "wordy")
	for path, c := range map[string]struct{ text, want string }{
		filepath.Join(dir, "ls"):        {`echo "ls: cannot access '$2': No such file or directory" >&2; exit 2`, "is not a Python interpreter (exit status 2: ls: cannot access …)"},
		filepath.Join(dir, "pythonish"): {`echo "pythonish: unknown command '$2'" >&2; exit 2`, "pythonish did not report its version: exit status 2: pythonish: unknown command …"},
		filepath.Join(dir, "mute"):      {`exit 3`, "is not a Python interpreter (exit status 3); name an interpreter, such as python=\"/usr/bin/python3\""},
		filepath.Join(dir, "echo"):      {`echo "$@"`, `is not a Python interpreter (it was asked for its version and said "-c …")`},
		filepath.Join(dir, "killed"):    {`kill -KILL $$`, "is not a Python interpreter (signal: killed)"},
		wordy:                           {`printf '%01000d' 0 >&2; exit 1`, "is not a Python interpreter (exit status 1: " + strings.Repeat("0", maxQuoted) + "…)"},
		filepath.Join(venv, "uvicorn"):  {`echo "Usage: uvicorn [OPTIONS] APP" >&2; exit 2`, "uvicorn is not a Python interpreter (exit status 2: Usage: uvicorn [OPTIONS] APP); the interpreter is next to it: python=\"" + beside + `"`},
		filepath.Join(long, "gunicorn"): {"'''exec' sh -c 'exit 2' # python\n' '''", `the interpreter is next to it: python="` + filepath.Join(long, "python3") + `"`},
	} {
		python := Interpreter{Path: script(t, path, c.text)}
		_, err := probe(t.Context(), python, new(plan.Group), nil)
		require.ErrorContains(t, err, c.want)
		assert.NotContains(t, err.Error(), "import sys")
		if !strings.Contains(path, "pythonish") {
			require.ErrorContains(t, CheckPython(t.Context(), python), c.want)
		}
	}
}
