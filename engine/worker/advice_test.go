package worker

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/plan"
)

func TestAdvice(t *testing.T) {
	plain := errors.New("plain")
	hint, err := Advice(plain)
	assert.Equal(t, plain, err)
	assert.Empty(t, hint)

	advised := &Advised{plain, "do it"}
	assert.EqualError(t, advised, "plain; do it")
	hint, err = Advice(advised)
	assert.Equal(t, plain, err)
	assert.Equal(t, "do it", hint)

	wrapped := fmt.Errorf("more: %w", advised) // the text around it would be lost
	hint, err = Advice(wrapped)
	assert.Equal(t, wrapped, err)
	assert.Empty(t, hint)
}

func TestSpec_Hint(t *testing.T) {
	dir := t.TempDir()
	app := filepath.Join(dir, "app")
	require.NoError(t, os.MkdirAll(filepath.Join(app, "src", "inner"), 0o755))
	for name, text := range map[string]string{
		"app/main.py": "import fastapi\n\napi: fastapi.FastAPI = fastapi.FastAPI(title='x')\n", "app/other.py": "x = 1\n", "beside.py": "",
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	s := Spec{Group: &plan.Group{Cwd: app}, Python: "/venv/python", Facts: Facts{Uvicorn: Version{0, 30, 0}}}
	for _, c := range []struct{ said, want string }{
		{`ERROR:    Error loading ASGI app. Could not import module "nosuch".`, `look for the module nosuch in .*/app; cwd= of the group`},
		{`ERROR:    Error loading ASGI app. Attribute "app" not found in module "main".`, `the app in module main seems to be api: write app="main:api"`},
		{`ERROR:    Error loading ASGI app. Attribute "app" not found in module "other".`, `must be the name of the app in module other$`},
		{`ERROR:    Error loading ASGI app. Attribute "app" not found in module "..etc".`, `must be the name of the app in module`},
		{"ModuleNotFoundError: No module named 'beside'", `^beside is in .*, but the workers run in .*/app: set cwd=`},
		{"ModuleNotFoundError: No module named 'inner.more'", `^inner is in .*/app/src, but`},
		{"ModuleNotFoundError: No module named 'gone.more'", `the module gone, with "/venv/python -m pip install …"`},
		{"Error: No such option: --foo (Possible options: --fd)", `Uvicorn 0\.30\.0 has no option --foo: change uvicorn_args; "/venv/python -m uvicorn --help"`},
		{"Error: No such option '--foo'.", `no option --foo:`},
		{"Error: no such option: -z", `no option -z:`},
		{"Error: Invalid value for '--http': 'x' is not one of", `^change uvicorn_args; `},
		{"OSError: [Errno 98] Address already in use", "the app itself opens a port"},
		{"KeyError: 'x'", "^$"},
		{"", "^$"},
	} {
		assert.Regexp(t, c.want, s.Hint([]string{c.said}), c.said)
	}
}
