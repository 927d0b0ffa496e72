package worker

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/plan"
)

func TestCodeFolders(t *testing.T) {
	home := t.TempDir()
	at := func(names ...string) []string {
		for i := range names {
			names[i] = filepath.Join(home, names[i])
		}
		return names
	}
	for _, file := range []string{"main.py", "src/pkg/main.py", "lib/far.py"} {
		path := filepath.Join(home, file)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, nil, 0o600))
	}
	t.Setenv("PYTHONPATH", at("nothing")[0]+":"+at("lib")[0])
	t.Setenv("UVICORN_APP_DIR", "")
	for name, c := range map[string]struct {
		group plan.Group
		want  []string
	}{
		"home":       {plan.Group{App: "main:app"}, at("")},
		"cwd":        {plan.Group{App: "main:app", Cwd: at("src")[0]}, at("src")},
		"app-dir":    {plan.Group{App: "pkg.main:app", UvicornArgs: []string{"--app-dir", "src"}}, at("", "src")},
		"app-dir is": {plan.Group{App: "pkg.main:app", UvicornArgs: []string{"--app-dir=."}}, at("")},
		"variable":   {plan.Group{App: "pkg.main:app", Env: []plan.EnvVar{{Name: "UVICORN_APP_DIR", Value: plan.Plain("src")}}}, at("", "src")},
		"path":       {plan.Group{App: "far:app"}, at("", "lib")},
		"own path":   {plan.Group{App: "pkg.main:app", Env: []plan.EnvVar{{Name: "PYTHONPATH", Value: plan.Plain("lib:src")}}}, at("", "src")},
		"nowhere":    {plan.Group{App: "absent:app"}, at("")},
	} {
		assert.Equal(t, c.want, CodeFolders(&c.group, home), name)
	}

	// The user's own folder is no project.
	t.Setenv("HOME", home)
	assert.Equal(t, at(""), CodeFolders(&plan.Group{App: "main:app"}, home))
	assert.Equal(t, at("src"), CodeFolders(&plan.Group{App: "pkg.main:app", UvicornArgs: []string{"--app-dir", "src"}}, home))
	assert.Equal(t, at("", "src"), CodeFolders(&plan.Group{App: "pkg.main:app", Cwd: home, UvicornArgs: []string{"--app-dir", "src"}}, "/"))
}
