package worker

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
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
	require.NoError(t, os.MkdirAll(filepath.Join(app, "pkg"), 0o755))
	for name, text := range map[string]string{
		"app/main.py": "import fastapi\n\napi: fastapi.FastAPI = fastapi.FastAPI(title='x')\n", "app/other.py": "x = 1\n", "beside.py": "",
		"app/pkg/models.py": "",
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	s := Spec{Group: &plan.Group{Cwd: app, App: "mian:app"}, Python: "/venv/python", Facts: Facts{Uvicorn: Version{0, 30, 0}}}
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
		{`ERROR:    Error loading ASGI app. Could not import module "mian".`, `^there is no module mian in .*/app; did you mean app="main:app"\?$`},
		{"ModuleNotFoundError: No module named 'othre'", `^did you mean other\? Otherwise install the package that has the module othre, with`},
		{"ModuleNotFoundError: No module named 'pkg.modles'", `^did you mean pkg.models\? `},
		{"ModuleNotFoundError: No module named 'tmie'", `^did you mean time\? Otherwise install`},
		{"ModuleNotFoundError: No module named 'jsonn'", `^did you mean json\? Otherwise install`},
		{"ModuleNotFoundError: No module named 'typer'", `^install the package that has the module typer`},
		{"ModuleNotFoundError: No module named 'httpx'", `^install`},
		{"ModuleNotFoundError: No module named 'orjson'", `^install`},
		{"", "^$"},
	} {
		assert.Regexp(t, c.want, s.Hint([]string{c.said}), c.said)
	}
}

// TestSpec_Hint_variables checks that a file of variables which the workers do not get is
// named, however the error names the variable.
func TestSpec_Hint_variables(t *testing.T) {
	dir := t.TempDir()
	text := "# settings\nexport SHOP_DATABASE_URL=postgres://…\nSHOP_TOKEN = 'x'\nSHOP_GIVEN=1\n"
	require.NoError(t, os.WriteFile(filepath.Join(dir, ".env"), []byte(text), 0o600))
	s := Spec{Group: &plan.Group{Cwd: dir, Env: []plan.EnvVar{{Name: "SHOP_GIVEN", Value: plan.Plain("2")}}}, Python: "python3"}
	trace := []string{"Traceback (most recent call last):", `  File "main.py", line 3, in <module>`, `    os.environ["SHOP_TOKEN"]`}
	for _, c := range []struct{ said, want string }{
		{"KeyError: 'SHOP_DATABASE_URL'", `/\.env sets SHOP_DATABASE_URL, but the workers do not get it: add env=env_file\("\.env"\) to the group, or start ldcorn with --env-file \.env$`},
		{"decouple.UndefinedValueError: SHOP_TOKEN not found. Declare it as envvar or define a default value.", `sets SHOP_TOKEN,`},
		{"pydantic_core._pydantic_core.ValidationError: 1 validation error for Settings\ndatabase_url\n  Field required", "sets SHOP_DATABASE_URL,"},
		{"KeyError: 'TOKEN'", "^$"},
		{"KeyError: 'SHOP_GIVEN'", "^$"},
		{"ValueError: no", "^$"},
	} {
		assert.Regexp(t, c.want, s.Hint(append(slices.Clone(trace), strings.Split(c.said, "\n")...)), c.said)
	}
}
