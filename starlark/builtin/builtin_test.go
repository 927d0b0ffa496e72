package builtin

import (
	"runtime"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"

	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/starlark/diag"
)

// evaluate runs a text with the words and returns its globals and the reported
// diagnostics.
func evaluate(t testing.TB, text string, env map[string]string) (starlark.StringDict, []diag.Diagnostic) {
	t.Helper()
	globals, _, report := evaluateIn(t, text, Options{LookupEnv: func(name string) (string, bool) { v, ok := env[name]; return v, ok }})
	return globals, report.Diagnostics
}

// evaluateIn is evaluate with other options, of which it sets those that are always
// the same. It returns the session, too.
func evaluateIn(t testing.TB, text string, options Options) (starlark.StringDict, *Session, *diag.Report) {
	t.Helper()
	sources := &diag.Sources{}
	sources.Add("test.star", text)
	opts := &syntax.FileOptions{Set: true, TopLevelControl: true, GlobalReassign: true}
	file, err := opts.Parse("test.star", text, 0)
	require.NoError(t, err)
	sources.Index(file)
	report := &diag.Report{Sources: sources}
	options.Dir, options.Sources, options.Report, options.Hide = "/conf", sources, report.Add, report.Hidden.Add
	if options.ReadFile == nil {
		options.ReadFile = func(string) ([]byte, error) { return []byte("content\n"), nil }
	}
	options.CPUs, options.Input = func() int { return 3 }, func(plan.InputKind, string, []byte, bool) {}
	if options.LookupEnv == nil {
		options.LookupEnv = func(string) (string, bool) { return "s", true }
	}
	s := NewSession(options)
	program, err := starlark.FileProgram(file, s.Predeclared().Has)
	require.NoError(t, err)
	globals, err := program.Init(&starlark.Thread{}, s.Predeclared())
	require.NoError(t, err)
	return globals, s, report
}

// TestDefaults compares the defaults in the schema, which people read, with
// those that an evaluation without the argument gives.
func TestDefaults(t *testing.T) {
	globals, found := evaluate(t, `config = LdConfig(workers=[WorkerGroup(name="a", app="m:a")])`, nil)
	require.Empty(t, found)
	cfg := globals["config"].(*Config)
	compareDefaults(t, ldConfigWord(), plan.PlanAttributes, cfg.Plan)
	compareDefaults(t, workerGroupWord(), plan.GroupAttributes, cfg.Plan.Groups[0])
}

func compareDefaults[T any](t *testing.T, w Word, attributes []plan.Attribute[T], got *T) {
	t.Helper()
	shown := make(map[string]string)
	for _, a := range attributes {
		if a.Effect != plan.EffectNone {
			shown[a.Name] = a.Show(got)
		}
	}
	for _, a := range w.Arguments {
		if a.Required {
			assert.Empty(t, a.Default, a.Name)
			assert.NotEmpty(t, a.Example, a.Name)
			continue
		}
		want, got := strings.NewReplacer("{}", "[]", "None", `""`).Replace(a.Default), shown[a.Name]
		if got == "{}" {
			got = "[]" // some dicts show as lists
		}
		if got == "None" {
			got = `""` // a string that is not there shows so
		}
		assert.Equal(t, want, got, "%s(%s=)", w.Name, a.Name)
	}
}

// TestFieldsAreRead checks that each argument has a reader, except three of
// LdConfig that hold more than the plan does, and that each states the effect
// of a change.
func TestFieldsAreRead(t *testing.T) {
	for _, f := range groupFields() {
		assert.NotNil(t, f.set, f.Name)
		assert.NotEmpty(t, f.Effect, f.Name)
	}
	for _, f := range listenerFields() {
		assert.NotNil(t, f.set, f.Name)
		assert.NotEmpty(t, f.Effect, f.Name)
	}
	for _, f := range configFields() {
		assert.Equal(t, f.Name != "router" && f.Name != "workers" && f.Name != "bind", f.set != nil, f.Name)
		assert.Equal(t, f.Name != "workers", f.Effect != "", f.Name)
	}
}

func TestWordsAreDocumented(t *testing.T) {
	names := make(map[string]bool)
	for _, w := range Words() {
		assert.False(t, names[w.Name], w.Name)
		names[w.Name] = true
		assert.NotEmpty(t, w.Doc, w.Name)
		assert.NotEmpty(t, w.Returns, w.Name)
		for _, a := range w.Arguments {
			assert.NotEmpty(t, a.Type, "%s.%s", w.Name, a.Name)
			assert.NotEmpty(t, a.Doc, "%s.%s", w.Name, a.Name)
			absent := 0
			for _, is := range []bool{a.Required, a.Default != "", a.Absent != ""} {
				if is {
					absent++
				}
			}
			assert.Equal(t, 1, absent, "%s.%s: one of Required, Default and Absent", w.Name, a.Name)
		}
	}
}

// TestOtherNames checks that a name from another tool leads to one argument and
// is not itself an argument.
func TestOtherNames(t *testing.T) {
	for _, w := range Words() {
		seen := make(map[string]string)
		for _, a := range w.Arguments {
			for _, other := range a.aka {
				assert.Nil(t, w.argument(other), "%s.%s", w.Name, other)
				assert.Empty(t, seen[other], "%s.%s", w.Name, other)
				seen[other] = a.Name
				assert.Equal(t, a.Name, w.near(other))
			}
		}
	}
}

func TestCheckApp(t *testing.T) {
	for _, app := range []string{"main:app", "a.b.c:d", "main:a.b", "_x:_y", "größe:app"} {
		assert.NoError(t, checkApp(app), app)
	}
	for app, want := range map[string]string{
		"main": `"main:app"`, "main.py": `"main:app"`, "main.py:x": `"main:x"`, "a/b.py:x": `"a.b:x"`, "./main:app": `"main:app"`,
		"main:f()": `--factory`, "a.b": `"a:b"`, ":app": "module:attribute", "main:": `"main:app"`, "a b:c": "module:attribute",
		"--host": "module:attribute",
	} {
		assert.ErrorContains(t, checkApp(app), want, app)
	}
}

func TestCheckName(t *testing.T) {
	for _, name := range []string{"a", "ml_heavy", "A-1", strings.Repeat("x", 48)} {
		assert.NoError(t, checkName(name), name)
	}
	for name, want := range map[string]string{
		"": "is empty", "a b": `"a_b"`, "a/b": `"a_b"`, "é": `A-Z a-z 0-9 _ and -, got "é"`, strings.Repeat("x", 49): "49 characters", "a\n": `"a"`,
	} {
		assert.ErrorContains(t, checkName(name), want, name)
	}
}

func TestWorkerGroupByPlace(t *testing.T) {
	globals, found := evaluate(t, `g = WorkerGroup("a", "m:a", 2, 3, ["/x"], False, "debug", 5, 0.5, cwd="sub", python="bin/python",
    env={"B": "2", "A": secret("S"), "C": "x" + secret("S")}, uvicorn_args=["--http", "h11"], stop_timeout="1m")`, map[string]string{"S": "s"})
	require.Empty(t, found)
	p := globals["g"].(*Group).Spec
	route, err := plan.NewRoute("/x", plan.Pos{File: "test.star", Line: 1, Col: 36})
	require.NoError(t, err)
	assert.Equal(t, &plan.Group{
		Name: "a", App: "m:a", Instances: 2, MaxReqPerWorker: 3, Routes: []plan.Route{route}, ReloadOnSighup: false,
		LogLevel: "debug", Queue: plan.DisciplineAdaptive, Balance: plan.DefaultBalance, MaxRestartsOnCrash: 5, RestartBackoffOnCrash: 500e6,
		Env: []plan.EnvVar{
			{Name: "A", Value: plan.Secret("s")}, {Name: "B", Value: plan.Plain("2")}, {Name: "C", Value: plan.Secret("xs")},
		},
		UvicornArgs: []string{"--http", "h11"}, Cwd: "/conf/sub", Python: "bin/python", StopTimeout: 60e9,
		WebsocketGrace: plan.DefaultWebsocketGrace, HealthInterval: plan.DefaultHealthInterval, HealthTimeout: plan.DefaultHealthTimeout, UnhealthyAfter: plan.DefaultUnhealthyAfter,
		Pos: plan.Pos{File: "test.star", Line: 1, Col: 5},
	}, p)
}

func TestNoneMeansNoCwdAndPython(t *testing.T) {
	globals, found := evaluate(t, `g = WorkerGroup("a", "m:a", cwd=None, python=None)`, nil)
	require.Empty(t, found)
	assert.Empty(t, globals["g"].(*Group).Spec.Cwd)
	assert.Empty(t, globals["g"].(*Group).Spec.Python)
}

func TestEnvironmentWords(t *testing.T) {
	env := map[string]string{"S": " x ", "I": " 7", "F": "1.5", "B": "Yes", "L": "a, b ,,c", "E": ""}
	for expr, want := range map[string]string{
		`env("S")`: `" x "`, `env("NO", "d")`: `"d"`, `env("NO", None)`: `None`, `env("E")`: `""`,
		`env.int("I")`: `7`, `env.int("NO", 3)`: `3`, `env.float("F")`: `1.5`, `env.float("NO", 2)`: `2`,
		`env.bool("B")`: `True`, `env.bool("NO", False)`: `False`,
		`env.list("L")`: `["a", "b", "c"]`, `env.list("NO", ["x"])`: `["x"]`, `env.list("E")`: `[]`,
		`env(name="S", default="d")`: `" x "`, `cpu_count()`: `3`, `str(secret("S"))`: `"(secret)"`, `str(secret_file("f"))`: `"(secret)"`,
		`secret("NO", None)`: `None`,
	} {
		globals, found := evaluate(t, "x = "+expr, env)
		require.Empty(t, found, expr)
		assert.Equal(t, want, globals["x"].String(), expr)
	}
}

func TestPassedThroughBuiltin(t *testing.T) {
	_, found := evaluate(t, `x = sorted([1], key = lambda n: WorkerGroup("a"))
y = sorted(["b"], key = WorkerGroup)
def f(*args, **kwargs):
    return WorkerGroup(*args, **kwargs)
z = f("c", "m:a", 2.5, cwd = 3)
`, nil)
	var got []string
	for _, d := range found {
		got = append(got, d.Error())
	}
	assert.Equal(t, []string{
		"test.star:1:33: WorkerGroup \"a\" needs `app`",
		"test.star:2:5: WorkerGroup \"b\" needs `app`",
		"test.star:4:24: `instances` wants a whole number, got the number 2.5",
		"test.star:4:31: `cwd` wants a string, got the number 3",
	}, got)
}

func TestCPUs(t *testing.T) {
	file := func(s string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(s)} }
	tests := []struct {
		name string
		fs   fstest.MapFS
		want int
	}{
		{"no cgroup", fstest.MapFS{}, 8},
		{"no quota", fstest.MapFS{"proc/self/cgroup": file("0::/a\n"), "sys/fs/cgroup/a/cpu.max": file("max 100000\n")}, 8},
		{"quota", fstest.MapFS{"proc/self/cgroup": file("0::/a\n"), "sys/fs/cgroup/a/cpu.max": file("200000 100000\n")}, 2},
		{"part of a CPU", fstest.MapFS{"proc/self/cgroup": file("0::/a\n"), "sys/fs/cgroup/a/cpu.max": file("150000 100000\n")}, 2},
		{"less than one", fstest.MapFS{"proc/self/cgroup": file("0::/a\n"), "sys/fs/cgroup/a/cpu.max": file("1000 100000\n")}, 1},
		{"quota above", fstest.MapFS{"proc/self/cgroup": file("0::/a/b\n"), "sys/fs/cgroup/a/cpu.max": file("300000 100000\n"), "sys/fs/cgroup/a/b/cpu.max": file("max 100000")}, 3},
		{"container", fstest.MapFS{"proc/self/cgroup": file("0::/docker/x\n"), "sys/fs/cgroup/cpu.max": file("400000 100000\n")}, 4},
		{"version 1", fstest.MapFS{
			"proc/self/cgroup":                      file("4:memory:/x\n3:cpu,cpuacct:/x\n"),
			"sys/fs/cgroup/cpu/x/cpu.cfs_quota_us":  file("250000\n"),
			"sys/fs/cgroup/cpu/x/cpu.cfs_period_us": file("100000\n"),
			"sys/fs/cgroup/cpu/cpu.cfs_quota_us":    file("-1\n"),
			"sys/fs/cgroup/cpu/cpu.cfs_period_us":   file("100000\n"),
		}, 3},
		{"nonsense", fstest.MapFS{"proc/self/cgroup": file("x\n0::/../..\n"), "sys/fs/cgroup/cpu.max": file("a b c")}, 8},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { assert.Equal(t, tt.want, cpus(8, tt.fs)) })
	}
	assert.LessOrEqual(t, CPUs(), runtime.NumCPU())
	assert.Positive(t, CPUs())
}

func TestCheckHealthPath(t *testing.T) {
	for _, path := range []string{"/", "/healthz", "/a/b?full=1", "/a%20b"} {
		assert.NoError(t, checkHealthPath(path), path)
	}
	for path, want := range map[string]string{
		"healthz":                 "must begin with `/`",
		"http://localhost/health": "is a URL",
		"/a b":                    "is not a path of a URL",
		"/a#b":                    "is not a path of a URL",
		"/a\r\nX: y":              "is not a path of a URL",
		"/größe":                  "is not a path of a URL",
	} {
		assert.ErrorContains(t, checkHealthPath(path), want, path)
	}
}
