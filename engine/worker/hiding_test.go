package worker

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/plan"
)

func TestSpec_HidingModule(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"token.py", "mine.py", "io.txt", "fastapi.py", "http/__init__.py", "email/readme"} {
		path := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, nil, 0o600))
	}
	s := Spec{Group: &plan.Group{Cwd: dir}}
	for line, want := range map[string]string{
		"AttributeError: module 'token' has no attribute 'EXACT_TOKEN_TYPES'":      "token.py has the same name as a module of Python",
		"ImportError: cannot import name 'FastAPI' from 'fastapi' (/x/fastapi.py)": "fastapi.py has the same name as a module of Uvicorn or a framework",
		"ModuleNotFoundError: No module named 'http.cookies'":                      "",
		"ModuleNotFoundError: No module named 'http'; 'http' is no package":        "http/__init__.py has",
		"  File \"" + s.Folder() + "/token.py\", line 1, in <module>":              "token.py has",
		"ImportError: cannot import name 'x' from 'mine'":                          "",
		"ModuleNotFoundError: No module named 'email'":                             "", // a folder without __init__.py hides nothing
		"ValueError: a token is missing":                                           "",
		"":                                                                         "",
	} {
		got := s.HidingModule([]string{"Traceback", line})
		if want == "" {
			assert.Empty(t, got, line)
		} else {
			assert.Contains(t, got, want, line)
		}
	}
	assert.True(t, knownModule("logging") && knownModule("abc") && knownModule("zoneinfo") && knownModule("uvicorn"))
	assert.False(t, knownModule("main") || knownModule("") || knownModule("log") || knownModule("abc aifc"))
}

// TestProcess_ModulesBesideTheApp: the files are next to the app, where python
// -m finds them before its own modules. Python or Uvicorn imports each of them
// before it imports the app.
func TestProcess_ModulesBesideTheApp(t *testing.T) {
	for _, name := range []string{"logging.py", "token.py", "types.py", "enum.py", "asyncio/__init__.py", "click.py", "uvicorn.py"} {
		t.Run(name, func(t *testing.T) {
			spec := newSpec(t, "", nil)
			path := filepath.Join(spec.Group.Cwd, name)
			require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
			require.NoError(t, os.WriteFile(path, []byte("raise AttributeError('hidden')"), 0o600))
			p := launch(t, spec)
			err := waitReady(t, p)
			if !spec.Facts.Python.Less(safePathSince) {
				require.NoError(t, err)
				return
			}
			if err != nil { // some versions do not import all of them
				require.ErrorContains(t, err, name+" has the same name as a module of")
			}
		})
	}
}
