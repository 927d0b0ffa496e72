package project_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/cmd/ldcorn/internal/project"
	"github.com/ldcorn/ldcorn/starlark/format"
)

// FuzzLook: whatever the text of two files is, a look ends, and the configuration of
// its app is Starlark.
func FuzzLook(f *testing.F) {
	archives, err := filepath.Glob("testdata/*.txtar")
	require.NoError(f, err)
	for _, name := range archives {
		archive, err := txtar.ParseFile(name)
		require.NoError(f, err)
		for _, file := range archive.Files {
			f.Add(string(file.Data), "web: uvicorn main:app -b 0.0.0.0:$PORT -w ${N:-2}")
		}
	}
	f.Fuzz(func(t *testing.T, module, commands string) {
		dir := t.TempDir()
		for name, text := range map[string]string{"main.py": module, "Procfile": commands, "gunicorn.conf.py": commands} {
			require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
		}
		p, err := project.Look(t.Context(), dir)
		require.NoError(t, err)
		if len(p.Apps) > 0 {
			text := p.Configuration()
			_, err := format.Format("ldconfig.star", []byte(text))
			require.NoError(t, err, text)
		}
	})
}
