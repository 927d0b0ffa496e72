package builtin_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/starlark/builtin"
	"github.com/ldcorn/ldcorn/starlark/config"
	"github.com/ldcorn/ldcorn/starlark/diag"
	"github.com/ldcorn/ldcorn/starlark/python"
)

// TestPythonReferences checks that there is a value for everything that a
// Python file can import.
func TestPythonReferences(t *testing.T) {
	names := make(map[string]string)
	for _, reference := range python.References() {
		names[reference] = reference
	}
	words := builtin.NewSession(builtin.Options{}).Python(names, "/x.py")
	for name := range names {
		assert.NotNil(t, words[name], name)
	}
}

// TestPythonModules compares the values of the Python modules here with those
// of Python.
func TestPythonModules(t *testing.T) {
	const text = `
import os, os.path as p, json, math
values = [
    os.path.join("a", "b"), p.join("a/", "b"), p.join("a", "/b", "c"), p.join("", "b"), p.join("a", ""),
    p.dirname("/a/b"), p.dirname("/a"), p.dirname("a"), p.dirname("/a//b"), p.dirname("/"),
    p.basename("/a/b"), p.basename("a/"), p.basename("a"),
    p.abspath("/a/../b/."), p.normpath("a//b/../c"), p.normpath(""), p.normpath("//a"), p.normpath("///a"),
    str(p.isabs("/a")), str(p.isabs("a")), p.basename(__file__),
    os.environ["A"], os.environ.get("B", "none"), str(os.getenv("B")), str(os.environ.get("B", 4)), str("A" in os.environ), str("B" not in os.environ),
    json.loads("[\"x\"]")[0], str(math.ceil(1.5)), str(len(os.sched_getaffinity(0)) == os.cpu_count()),
]
want = [
    "a/b", "a/b", "/b/c", "b", "a/",
    "/a", "/", "", "/a", "/",
    "b", "", "a",
    "/b", "a/c", ".", "//a", "/a",
    "True", "False", "c.py",
    "1", "none", "None", "4", "True", "True",
    "x", "2", "True",
]
for i, v in enumerate(values):
    if v != want[i]:
        fail("%d: got %r, want %r" % (i, v, want[i]))
config = LdConfig(workers=[WorkerGroup("a", "b:c")])
`
	path := filepath.Join(t.TempDir(), "c.py")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	found, err := config.Evaluate(t.Context(), path, config.Options{
		LookupEnv: func(name string) (string, bool) { return "1", name == "A" },
	})
	require.NoError(t, err)
	require.Zero(t, found.Report.Count(diag.Error), "%v", found.Report)
	var inputs []string
	for _, in := range found.Inputs {
		inputs = append(inputs, in.Name)
	}
	assert.Equal(t, []string{path, "A", "B", "cpu_count"}, inputs, "all that was read")
}

// TestPythonErrors checks the positions of mistakes in a Python file.
func TestPythonErrors(t *testing.T) {
	path := filepath.Join(t.TempDir(), "c.py")
	require.NoError(t, os.WriteFile(path, []byte(`import os
a = [os.environ[n] for n in ("X", "Y")]
b = os.environ[3]
c = os.getenv("Z", defualt=1)
d = os.path.abspath("a")
e = os.path.dirname(4)
config = LdConfig(workers=[WorkerGroup("a", "b:c")])
`), 0o600))
	found, err := config.Evaluate(t.Context(), path, config.Options{LookupEnv: func(string) (string, bool) { return "", false }})
	require.NoError(t, err)
	var got []string
	for _, d := range found.Report.Diagnostics {
		d.Span.File = ""
		got = append(got, d.Code+" "+d.Span.String()+" "+d.Message)
	}
	assert.Equal(t, []string{
		"L012 :2:6 environment variable X is not set",
		"L012 :2:6 environment variable Y is not set",
		"L002 :3:5 `key` wants a string, got the number 3",
		"L001 :4:20 os.getenv has no argument `defualt`",
		"L004 :5:21 `path`: is a relative path, whose meaning depends on the current folder",
		"L002 :6:21 `path` wants a string, got the number 4",
	}, got)
}

// TestPythonRouter checks that a router in Python can use values that were read
// during loading, but reads nothing itself.
func TestPythonRouter(t *testing.T) {
	evaluate := func(body string) *diag.Report {
		path := filepath.Join(t.TempDir(), "c.py")
		text := "import os\nfrom ldcorn.config import LdConfig, WorkerGroup\n" +
			"STAGE: str = os.environ['STAGE']\ndef route(req):\n    " + body + "\n" +
			"config = LdConfig(router=route, workers=[WorkerGroup('a', 'b:c')])\n"
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		found, err := config.Evaluate(t.Context(), path, config.Options{LookupEnv: func(string) (string, bool) { return "x", true }})
		require.NoError(t, err)
		return found.Report
	}
	fine := evaluate("return 'a' if STAGE is not None and req.path != os.path.join('/', 'x') else None")
	assert.Zero(t, fine.Count(diag.Error), "%v", fine)
	for body, want := range map[string]string{
		"return os.environ['A']":                    "`os.environ` can only be used while",
		"return os.environ.get('A')":                "`os.environ.get` can only be used while",
		"return 'a' if 'A' in os.environ else None": "`os.environ` can only be used while",
		"return 'a' * os.cpu_count()":               "`os.cpu_count` can only be used while",
	} {
		assert.ErrorContains(t, evaluate(body), want, body)
	}
}
