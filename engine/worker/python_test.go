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
	find := func(python string) (string, error) {
		found, err := FindPython(&plan.Group{Python: python}, config)
		return found.Path, err
	}

	_, err := find("")
	require.ErrorContains(t, err, "no Python found")

	onPath := script(t, filepath.Join(bin, "python3"), "")
	beside := filepath.Join(config, ".venv/bin/python")
	active := filepath.Join(venv, "bin/python")
	given := script(t, filepath.Join(config, "tools/py"), "")
	for _, want := range []string{onPath, beside, active} { // each takes precedence over the one before
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
	require.NoError(t, os.WriteFile(filepath.Join(config, "moved"), []byte("#! /nowhere/bin/python -E\nimport x\n"), 0o755))
	for python, want := range map[string]string{
		"no-such-python": `python="no-such-python": not found on PATH`,
		"./nothere":      "there is no file",
		"/":              "is a folder",
		"./plain":        "is not executable",
		"./moved":        "moved is a script for /nowhere/bin/python, which does not exist",
	} {
		_, err := FindPython(&plan.Group{Python: python}, config)
		assert.ErrorContains(t, err, want)
	}
}

func TestCheckCwd(t *testing.T) {
	assert.NoError(t, CheckCwd(&plan.Group{}))
	assert.NoError(t, CheckCwd(&plan.Group{Cwd: t.TempDir()}))
	assert.EqualError(t, CheckCwd(&plan.Group{Cwd: "/no/such"}), `cwd="/no/such": there is no such folder`)
	assert.Error(t, CheckCwd(&plan.Group{Cwd: "/dev/null"}))
}
