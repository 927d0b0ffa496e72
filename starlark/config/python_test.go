package config_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/starlark/config"
	"github.com/ldcorn/ldcorn/starlark/python/capture"
)

// TestPython_Rewritten checks that a file that is rewritten in memory keeps the
// positions of its Python.
func TestPython_Rewritten(t *testing.T) {
	const text = `import os
from ldcorn.config import LdConfig, WorkerGroup as Group

PORT = int(os.getenv("PORT", 8000))
def group(name, /, *args, **more):
    return Group(name=f"{name}", app="main:app", **more)

config = LdConfig(
    bind=f"127.0.0.1:{PORT}",  # behind nginx
    workers=[
        Group(name="web", app="main:app", instances=2),
        group("ml", routes=[f"/{p}" for p in ("ml", "train")]),
        group(f"{1}", %s),
    ],
)
`
	evaluate := func(more string) *config.Result {
		dir := write(t, map[string]string{"ldconfig.py": fmt.Sprintf(text, more)})
		res, err := config.Evaluate(t.Context(), dir+"/ldconfig.py", config.Options{Name: "ldconfig.py"})
		require.NoError(t, err)
		return res
	}
	res := evaluate("routes=['/x']")
	require.NotNil(t, res.Plan, "%v", res.Report)
	assert.Equal(t, &api.PythonUse{How: api.PythonRewritten, At: "ldconfig.py:5:17", Reason: "`/` among parameters is Python, not Starlark"}, res.Plan.Python)
	assert.Equal(t, "ldconfig.py:6:50", res.Plan.Groups[1].Routes[0].Pos.String())

	res = evaluate("instancess=2, routes=[]")
	var got []string
	for _, d := range res.Report.Diagnostics {
		got = append(got, d.Error())
	}
	assert.Equal(t, []string{
		"ldconfig.py:6:50: WorkerGroup has no argument `instancess`",
		"ldconfig.py:6:50: `routes` is empty, so the group would receive no requests",
	}, got)
}

// TestPython_Run checks that Python runs a file that is beyond the language, once for
// an evaluation and its replay, and that the parts keep their positions.
func TestPython_Run(t *testing.T) {
	dir := write(t, map[string]string{"ldconfig.py": `import random
import os
from ldcorn.config import LdConfig, WorkerGroup

os.environ["KEY"] = "hunter2"
print("hello")
def make(name):
    return WorkerGroup(name, "main:app",
                       routes=["/" + name])
config = LdConfig(workers=[make("a"), make("b"),
    WorkerGroup("c", "main:app", routes=["/c", "/d"])])
`, "settings.py": ""})
	runs := 0
	var printed strings.Builder
	recording := new(config.Recording)
	opts := config.Options{Name: "ldconfig.py", Print: &printed, Record: recording, Salt: []byte("salt")}
	opts.RunPython = func(ctx context.Context, file capture.File) (*capture.Result, error) {
		runs++
		return capture.Run(ctx, file.Path, file.Name, capture.Options{Answer: file.Answer, Python: "python3", Timeout: time.Minute, CPUs: 1, Words: config.PythonWords()})
	}
	first, err := config.Evaluate(t.Context(), dir+"/ldconfig.py", opts)
	require.NoError(t, err)
	require.NotNil(t, first.Plan, "%v", first.Report)
	assert.Equal(t, "ldconfig.py: hello\n", printed.String())
	require.NoError(t, os.Remove(dir+"/ldconfig.py"))

	replayed, err := config.Evaluate(t.Context(), dir+"/ldconfig.py", config.Options{Name: "ldconfig.py", Replay: recording, Salt: []byte("salt")})
	require.NoError(t, err)
	require.NotNil(t, replayed.Plan, "%v", replayed.Report)
	assert.Equal(t, 1, runs)
	assert.Equal(t, first.Plan.Fingerprint, replayed.Plan.Fingerprint)
	for _, res := range []*config.Result{first, replayed} {
		assert.Equal(t, &api.PythonUse{How: api.PythonRun, At: "ldconfig.py:1:8", Reason: "a configuration cannot import `random`", Interpreter: "python3"}, res.Plan.Python)
		var places []string
		for _, g := range res.Plan.Groups {
			require.Len(t, g.Env, 1)
			assert.Equal(t, "(secret)", fmt.Sprint(g.Env[0].Value))
			assert.Equal(t, "hunter2", g.Env[0].Value.Reveal())
			for _, r := range g.Routes {
				places = append(places, r.Pos.String())
			}
		}
		assert.Equal(t, []string{"ldconfig.py:9:32", "ldconfig.py:9:32", "ldconfig.py:11:42", "ldconfig.py:11:48"}, places)
	}

	// Without Python, it is an error.
	opts.RunPython, opts.NoExec = nil, true
	require.NoError(t, os.WriteFile(dir+"/ldconfig.py", []byte("import random\n"), 0o600))
	res, err := config.Evaluate(t.Context(), dir+"/ldconfig.py", opts)
	require.NoError(t, err)
	assert.Nil(t, res.Plan)
	assert.Contains(t, res.Report.Diagnostics[0].Hint, "without --no-exec, Python runs the file")
}

// TestPython_Differs checks that Python runs a file whose values Starlark would change
// in silence.
func TestPython_Differs(t *testing.T) {
	t.Setenv("NUMBER_OF_TEST", "0_1")
	for text, want := range map[string]string{
		`n = len("é")`:                                 "ldconfig.py:2:5: Starlark counts bytes, not characters",
		`n = len("e") * int("\xe9" > "")`:              "",
		`n = int("é1"[1:])`:                            "ldconfig.py:2:9: Starlark counts bytes, not characters",
		`n = len(repr("x")) - 2`:                       "ldconfig.py:2:9: `repr` writes other quotes in Starlark",
		`n = int(f"{'x'!r}" == "'x'")`:                 "ldconfig.py:2:11: `repr` writes other quotes in Starlark",
		`n = 1 if 1 == True else 2`:                    "ldconfig.py:2:10: a number never equals a bool in Starlark",
		`n = 1 if isinstance(True, (int, str)) else 2`: "ldconfig.py:2:10: a bool is not an int in Starlark",
		`n = True`: "ldconfig.py:3:52: `instances` wants a whole number, got True",
		`import os; x = f"{1}"; n = int(os.environ["NUMBER_OF_TEST"])`: "ldconfig.py:2:43: environment variable NUMBER_OF_TEST is not a whole number: \"0_1\"",
		`"""é"""; n = len("e")`:                       "",
		`n, café = 1, "é"`:                            "",
		`n = 1 if len("x") else fail("{!r}")`:         "",
		"n = 1\nif n > 1: raise ValueError(f'{n!r}')": "",
	} {
		dir := write(t, map[string]string{"ldconfig.py": "from ldcorn.config import LdConfig, WorkerGroup\n" + text + "\nconfig = LdConfig(workers=[WorkerGroup('a', 'm:a', n)])\n"})
		ran := false
		res, err := config.Evaluate(t.Context(), dir+"/ldconfig.py", config.Options{Name: "ldconfig.py", RunPython: func(ctx context.Context, file capture.File) (*capture.Result, error) {
			ran = true
			return capture.Run(ctx, file.Path, file.Name, capture.Options{Answer: file.Answer, Python: "python3", Timeout: time.Minute, CPUs: 1, Words: config.PythonWords()})
		}})
		require.NoError(t, err)
		require.NotNil(t, res.Plan, "%s: %v", text, res.Report)
		assert.Equal(t, want != "", ran, text)
		assert.Equal(t, 1, res.Plan.Groups[0].Instances, text)
		if want != "" {
			assert.Equal(t, want, res.Plan.Python.At+": "+res.Plan.Python.Reason, text)
		}
	}
}

// TestPython_LanguageFirst checks that a mistake which Python would have too is shown
// without running it.
func TestPython_LanguageFirst(t *testing.T) {
	for text, want := range map[string]string{
		"config = LdConfig(workers=[WorkerGroup('a', 'm:a', instancess=2)])":                      "WorkerGroup has no argument `instancess`",
		"config = LdConfig(workers=[WorkerGroup('a', 'm:a', instances=f'{0}')])":                  "`instances` wants a whole number",
		"import os\nconfig = LdConfig(workers=[WorkerGroup('a', os.environ['NOT_SET_IN_TEST'])])": "environment variable NOT_SET_IN_TEST is not set",
	} {
		dir := write(t, map[string]string{"ldconfig.py": "from ldcorn.config import LdConfig, WorkerGroup\n" + text + "\n"})
		res, err := config.Evaluate(t.Context(), dir+"/ldconfig.py", config.Options{RunPython: func(ctx context.Context, file capture.File) (*capture.Result, error) {
			assert.Contains(t, text, "f'{0}'", "only a wrong type can be right in Python")
			return capture.Run(ctx, file.Path, file.Name, capture.Options{Answer: file.Answer, Python: "python3", Timeout: time.Minute, CPUs: 1, Words: config.PythonWords()})
		}})
		require.NoError(t, err)
		assert.ErrorContains(t, res.Report, want)
	}
}
