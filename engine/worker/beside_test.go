package worker

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/plan"
)

// installed makes an environment with this program in it, and returns its folder.
func installed(t *testing.T, files ...string) string {
	t.Helper()
	root := filepath.Join(t.TempDir(), "[env]*")
	for _, name := range files {
		script(t, filepath.Join(root, name), "")
	}
	before := executable
	executable = func() (string, error) { return filepath.Join(root, "bin/ldcorn-go"), nil }
	t.Cleanup(func() { executable = before })
	return root
}

func TestBesideProgram(t *testing.T) {
	const packages = "lib/python3.13/site-packages/"
	for name, c := range map[string]struct {
		files []string
		want  string
	}{
		"a virtual environment":           {[]string{"pyvenv.cfg", "bin/python", "bin/python3", packages + "uvicorn/x"}, "bin/python3"},
		"its uvicorn is editable":         {[]string{"pyvenv.cfg", "bin/python", packages + "uvicorn-0.40.0.dist-info/x"}, "bin/python"},
		"it has no uvicorn":               {[]string{"pyvenv.cfg", "bin/python", packages + "pip/x"}, ""},
		"it has no interpreter":           {[]string{"pyvenv.cfg", packages + "uvicorn/x"}, ""},
		"installed by pip for the system": {[]string{"bin/python3", "bin/python3.13", packages + "uvicorn/x", packages + "ldcorn_go-1.2.3.dist-info/x"}, "bin/python3.13"},
		"of Debian":                       {[]string{"bin/python3", "lib/python3.13/dist-packages/uvicorn/x", "lib/python3.13/dist-packages/ldcorn_go-1.2.3.dist-info/x"}, "bin/python3"},
		"only in the same folder":         {[]string{"bin/python3", packages + "uvicorn/x"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			root := installed(t, c.files...)
			want := ""
			if c.want != "" {
				want = filepath.Join(root, c.want)
			}
			assert.Equal(t, want, besideProgram())
		})
	}
}

// The environment of the program comes after those of the user and of the project, and
// before that of PATH: a program such as pipx has put it into one without the app.
func TestFindPython_BesideProgram(t *testing.T) {
	config, bin := t.TempDir(), t.TempDir()
	t.Setenv("PATH", bin)
	t.Setenv("VIRTUAL_ENV", "")
	root := installed(t, "pyvenv.cfg", "bin/python", "lib/python3.13/site-packages/uvicorn/x")
	script(t, filepath.Join(bin, "python3"), "")
	find := func() Interpreter {
		found, err := FindPython(&plan.Group{}, config)
		require.NoError(t, err)
		return found
	}
	assert.Equal(t, Interpreter{Path: filepath.Join(root, "bin/python")}, find())
	project := script(t, filepath.Join(config, ".venv/bin/python"), "")
	assert.Equal(t, project, find().Path)

	require.NoError(t, os.RemoveAll(filepath.Join(config, ".venv")))
	require.NoError(t, os.Remove(filepath.Join(root, "pyvenv.cfg")))
	assert.Equal(t, filepath.Join(bin, "python3"), find().Path)
}
