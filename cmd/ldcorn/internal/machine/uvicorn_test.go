package machine

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/plan"
)

// install makes a virtual environment with a Uvicorn of a version, or with something
// else of that name, and returns its interpreter.
func install(t *testing.T, main string) string {
	t.Helper()
	dir := t.TempDir()
	folder := filepath.Join(dir, "lib", "python3.11", "site-packages", "uvicorn")
	require.NoError(t, os.MkdirAll(folder, 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(folder, "main.py"), []byte(main), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(folder, "__init__.py"), []byte("__version__ = \"0.30.1\"\n"), 0o600))
	return filepath.Join(dir, "bin", "python")
}

const uvicornMain = `
@click.option("--host", default="127.0.0.1", help="--nothing in a help counts")
@click.option("--loop", type=LOOP_CHOICES)
@click.option(
    "--http",
)
@click.option("--lifespan")
@click.option("--root-path")
@click.option("--server-header/--no-server-header", is_flag=True)
`

func TestUnknownOption(t *testing.T) {
	python := install(t, uvicornMain)
	var list optionList
	for _, c := range []struct {
		args  []string
		want  string
		label string
	}{
		{nil, "", ""},
		{[]string{"--http", "h11", "--root-path=/x", "--no-server-header", "--help"}, "", ""},
		{[]string{"--htp", "h11"}, `group "web": Uvicorn 0.30.1 has no option --htp`, `did you mean "--http"?`},
		{[]string{"--loop", "auto", "--frobnicate=1"}, `group "web": Uvicorn 0.30.1 has no option --frobnicate`, ""},
		{[]string{"--nothing"}, `group "web": Uvicorn 0.30.1 has no option --nothing`, ""},
	} {
		d := list.unknownOption(&plan.Group{Name: "web", UvicornArgs: c.args}, python)
		if c.want == "" {
			assert.Nil(t, d, "%q", c.args)
			continue
		}
		require.NotNil(t, d, "%q", c.args)
		assert.Equal(t, c.want, d.Message)
		assert.Equal(t, c.label, d.Label)
	}
	// what is not plain has no warning
	wrong := &plan.Group{Name: "web", UvicornArgs: []string{"--frobnicate"}}
	assert.Nil(t, list.unknownOption(wrong, install(t, "another program")))
	assert.Nil(t, list.unknownOption(wrong, filepath.Join(t.TempDir(), "bin", "python")))
	// PYTHONPATH comes first
	wrong.Env = []plan.EnvVar{{Name: "PYTHONPATH", Value: plan.Plain(filepath.Join(filepath.Dir(filepath.Dir(install(t, uvicornMain))), "lib", "python3.11", "site-packages"))}}
	assert.NotNil(t, list.unknownOption(wrong, "/nowhere/bin/python"))
}
