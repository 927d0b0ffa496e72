package worker

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/plan"
)

func script(t testing.TB, path, text string) string {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(t, os.WriteFile(path, []byte("#!/bin/sh\n"+text+"\n"), 0o755))
	return path
}

func TestFindPython_Order(t *testing.T) {
	config, venv, bin := t.TempDir(), t.TempDir(), t.TempDir()
	t.Setenv("PATH", bin)
	t.Setenv("VIRTUAL_ENV", venv)
	find := func(python string) (string, error) { return FindPython(&plan.Pool{Python: python}, config) }

	_, err := find("")
	require.ErrorContains(t, err, "no Python found")

	onPath := script(t, filepath.Join(bin, "python3"), "")
	beside := filepath.Join(config, ".venv/bin/python")
	active := filepath.Join(venv, "bin/python")
	given := script(t, filepath.Join(config, "tools/py"), "")
	for _, want := range []string{onPath, beside, active} { // each wins over the one before
		script(t, want, "")
		got, err := find("")
		require.NoError(t, err)
		assert.Equal(t, want, got)
	}
	for python, want := range map[string]string{"tools/py": given, given: given, "python3": onPath} {
		got, err := find(python)
		require.NoError(t, err)
		assert.Equal(t, want, got, python)
	}
}

func TestFindPython_GivenIsWrong(t *testing.T) {
	config := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(config, "plain"), nil, 0o644))
	for python, want := range map[string]string{
		"no-such-python": `python="no-such-python": not found on PATH`,
		"./nothere":      "there is no file",
		"/":              "is a folder",
		"./plain":        "is not executable",
	} {
		_, err := FindPython(&plan.Pool{Python: python}, config)
		assert.ErrorContains(t, err, want)
	}
}

func TestProber(t *testing.T) {
	for name, c := range map[string]struct{ script, version, err string }{
		"fine":    {`echo "Running uvicorn 0.34.2 with CPython 3.13.1 on Linux"`, "0.34.2", ""},
		"short":   {`echo "Running uvicorn 1.2 with CPython"`, "1.2.0", ""},
		"too old": {`echo "Running uvicorn 0.11.3 with CPython 3.7.1 on Linux"`, "", "too old: want 0.17.0 or later"},
		"missing": {`echo "py: No module named uvicorn" >&2; exit 1`, "", `-m pip install uvicorn"`},
		"broken":  {`printf 'Traceback\nOSError: disk\n' >&2; exit 1`, "", "exit status 1: OSError: disk"},
		"other":   {`echo hello`, "", `got "hello\n"`},
	} {
		t.Run(name, func(t *testing.T) {
			var p Prober
			python := script(t, filepath.Join(t.TempDir(), "python"), c.script)
			v, err := p.Probe(t.Context(), python, &plan.Pool{})
			if c.err != "" {
				require.ErrorContains(t, err, c.err)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, c.version, v.String())
		})
	}
}

func TestProber_AsksOnce(t *testing.T) {
	dir := t.TempDir()
	python := script(t, filepath.Join(dir, "python"), `echo x >>`+dir+`/asked; echo "Running uvicorn 0.20.$PYTHONX"`)
	asked := func() int {
		data, err := os.ReadFile(filepath.Join(dir, "asked"))
		require.NoError(t, err)
		return len(data) / 2
	}
	var p Prober
	env := []plan.EnvVar{{Name: "PYTHONX", Value: plan.Plain("4")}}
	for range 2 {
		for _, pool := range []*plan.Pool{{}, {Env: []plan.EnvVar{{Name: "OTHER"}}}, {Env: env}} {
			_, err := p.Probe(t.Context(), python, pool)
			require.NoError(t, err)
		}
	}
	assert.Equal(t, 2, asked(), "pools that see the same modules share an answer")
	p.Forget()
	v, err := p.Probe(t.Context(), python, &plan.Pool{Env: env})
	require.NoError(t, err)
	assert.Equal(t, "0.20.4", v.String())
	assert.Equal(t, 3, asked())
}

func TestCheckCwd(t *testing.T) {
	assert.NoError(t, CheckCwd(&plan.Pool{}))
	assert.NoError(t, CheckCwd(&plan.Pool{Cwd: t.TempDir()}))
	assert.EqualError(t, CheckCwd(&plan.Pool{Cwd: "/no/such"}), `cwd="/no/such": there is no such folder`)
	assert.Error(t, CheckCwd(&plan.Pool{Cwd: "/dev/null"}))
}
