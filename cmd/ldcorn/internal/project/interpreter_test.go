package project_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/cmd/ldcorn/internal/project"
)

// TestPython_Above: an environment above the project counts if it is in the same
// repository, and only there.
func TestPython_Above(t *testing.T) {
	repository := t.TempDir()
	dir := filepath.Join(repository, "services", "api")
	write := func(name, text string) {
		path := filepath.Join(repository, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	}
	write("services/api/main.py", "from fastapi import FastAPI\napp = FastAPI()\n")
	write(".venv/bin/python", "")
	write(".venv/pyvenv.cfg", "include-system-site-packages = true\n")
	write("uv.lock", "")
	look := func() project.Python {
		p, err := project.Look(t.Context(), dir)
		require.NoError(t, err)
		return p.Python
	}
	assert.Zero(t, look())
	write(".git/HEAD", "")
	assert.Equal(t, project.Python{Path: "../../.venv/bin/python", Uvicorn: true, Tool: "uv"}, look())
	write("services/.git", "")
	assert.Zero(t, look())
	write("services/api/venv/bin/python", "")
	assert.Equal(t, project.Python{Path: "venv/bin/python"}, look())
	write("services/api/.venv/bin/python", "")
	write("services/api/.venv/lib/python3.12/site-packages/uvicorn/__init__.py", "")
	assert.Equal(t, project.Python{Path: ".venv/bin/python", Default: true, Uvicorn: true}, look())
}
