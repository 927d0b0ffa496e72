package config_test

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/starlark/config"
	"github.com/ldcorn/ldcorn/starlark/diag"
)

// write writes files to a new folder and returns it.
func write(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	}
	return dir
}

func load(t testing.TB, text string, opts config.Options) (*plan.Plan, error) {
	t.Helper()
	if opts.LookupEnv == nil {
		opts.LookupEnv = func(string) (string, bool) { return "", false }
	}
	dir := write(t, map[string]string{"ldconfig.star": text})
	return config.Load(t.Context(), filepath.Join(dir, "ldconfig.star"), opts)
}

func route(t testing.TB, pattern string, pos plan.Pos) plan.Route {
	t.Helper()
	r, err := plan.NewRoute(pattern, pos)
	require.NoError(t, err)
	return r
}

const fine = `config = LdConfig(workers = [WorkerGroup(name = "web", app = "main:app")])` + "\n"

// quickstart is the quickstart of the original project without its import.
const quickstart = `
config = LdConfig(
    bind="127.0.0.1:8000", # for master process to listen on.
    workers=[
        WorkerGroup(
            name="default",
            app="main:app", 
            instances=2,
            max_req_per_worker=0, # Built-in concurrency queueing! 0 = unlimited
            routes=["*"], # all requests except another workergroup ones
            reload_on_sighup=True
        ),
        WorkerGroup(
            name="ml_heavy",
            app="main:app", # this does not need to be same app
            instances=1,
            max_req_per_worker=100,
            routes=["/ml-pipeline"],
            reload_on_sighup=False # Opt-out of hot-reloads so your ML model doesn't constantly reboot!
        )
    ]
)
`

// everything sets every argument of the original project.
const everything = `
config = LdConfig(
    bind="0.0.0.0:9000",
    workers=[
        WorkerGroup(
            name="default",
            app="main:app",
            instances=1,
            max_req_per_worker=0,
            routes=["*"],
            reload_on_sighup=True,
            uvicorn_log_level="warning",
            max_restarts_on_crash=5,
            restart_backoff_on_crash=2,
        ),
    ],
)
`

func TestOriginalQuickstart(t *testing.T) {
	p, err := load(t, quickstart, config.Options{})
	require.NoError(t, err)
	file := p.Path
	assert.Equal(t, plan.Bind{Network: "tcp", Address: "127.0.0.1:8000"}, p.Listeners[0].Bind)
	assert.Equal(t, plan.ForwardedSet, p.Forwarded)
	assert.Equal(t, 5*time.Second, p.HeaderTimeout)
	assert.Equal(t, 75*time.Second, p.IdleTimeout)
	assert.Equal(t, time.Minute, p.StartupTimeout)
	assert.Equal(t, 10*time.Second, p.ShutdownTimeout)
	assert.Equal(t, []*plan.Group{
		{
			Name: "default", App: "main:app", Instances: 2, ReloadOnSighup: true, LogLevel: "info",
			Routes:             []plan.Route{route(t, "*", plan.Pos{File: file, Line: 10, Col: 21})},
			MaxRestartsOnCrash: 3, RestartBackoffOnCrash: 2 * time.Second, StopTimeout: 10 * time.Second, Queue: plan.DisciplineAdaptive, Balance: plan.DefaultBalance,
			WebsocketGrace: plan.DefaultWebsocketGrace, HealthInterval: plan.DefaultHealthInterval, HealthTimeout: plan.DefaultHealthTimeout, UnhealthyAfter: plan.DefaultUnhealthyAfter,
			Pos: plan.Pos{File: file, Line: 5, Col: 9},
		},
		{
			Name: "ml_heavy", App: "main:app", Instances: 1, MaxReqPerWorker: 100, LogLevel: "info",
			Routes:             []plan.Route{route(t, "/ml-pipeline", plan.Pos{File: file, Line: 18, Col: 21})},
			MaxRestartsOnCrash: 3, RestartBackoffOnCrash: 2 * time.Second, StopTimeout: 10 * time.Second, Queue: plan.DisciplineAdaptive, Balance: plan.DefaultBalance,
			WebsocketGrace: plan.DefaultWebsocketGrace, HealthInterval: plan.DefaultHealthInterval, HealthTimeout: plan.DefaultHealthTimeout, UnhealthyAfter: plan.DefaultUnhealthyAfter,
			Pos: plan.Pos{File: file, Line: 13, Col: 9},
		},
	}, p.Groups)
}

func TestOriginalArguments(t *testing.T) {
	p, err := load(t, everything, config.Options{})
	require.NoError(t, err)
	require.Len(t, p.Groups, 1)
	group := p.Groups[0]
	assert.Equal(t, "0.0.0.0:9000", p.Listeners[0].Bind.String())
	assert.Equal(t, "warning", group.LogLevel)
	assert.Equal(t, 5, group.MaxRestartsOnCrash)
	assert.Equal(t, 2*time.Second, group.RestartBackoffOnCrash)
}

func TestExampleIsComplete(t *testing.T) {
	path := filepath.Join("..", "..", "ldconfig.star.example")
	res, err := config.Evaluate(t.Context(), path, config.Options{LookupEnv: func(string) (string, bool) { return "", false }})
	require.NoError(t, err)
	require.NotNil(t, res.Plan, "%v", res.Report)
	assert.Empty(t, res.Report.Diagnostics)

	text, err := os.ReadFile(path)
	require.NoError(t, err)
	for _, a := range plan.GroupAttributes {
		assert.Regexp(t, `(?m)^ +`+a.Name+` = `, string(text))
	}
	for _, a := range plan.PlanAttributes {
		assert.Regexp(t, `(?m)^ +`+a.Name+` = `, string(text))
	}
	// The values that it writes as defaults must be the defaults.
	base, err := load(t, fine, config.Options{})
	require.NoError(t, err)
	ml := *res.Plan.Group("ml")
	for _, a := range plan.GroupAttributes {
		switch a.Name {
		case "name", "app", "max_req_per_worker", "routes", "reload_on_sighup", "env", "uvicorn_args", "request_headers":
		default:
			assert.True(t, a.Same(base.Groups[0], &ml), "%s is the default", a.Name)
		}
	}
	for _, a := range plan.PlanAttributes {
		if a.Name != "bind" && a.Name != "workers" && a.Name != "response_headers" && a.Name != "router" {
			assert.True(t, a.Same(base, res.Plan), "%s is the default", a.Name)
		}
	}
}

func TestPrograms(t *testing.T) {
	text := `
zones = {"eu": 2, "us": 1}

def group(zone, n):
    return WorkerGroup(name = "web-" + zone, app = "main:app", instances = n * 2, routes = ["/" + zone])

config = LdConfig(
    bind = "127.0.0.1:%d" % env.int("PORT", 8000),
    workers = [WorkerGroup("rest", "main:app")] + [group(z, n) for z, n in sorted(zones.items())],
    trusted_proxies = ("10.0.0.0/8", "::1"),
)
if json.decode("true"):
    print("checked", config)
`
	var out strings.Builder
	p, err := load(t, text, config.Options{Env: map[string]string{"PORT": "9000"}, Print: &out})
	require.NoError(t, err)
	assert.Equal(t, ":9000", p.Listeners[0].Bind.String()[len("127.0.0.1"):])
	require.Len(t, p.Groups, 3)
	assert.Equal(t, "web-us", p.Groups[2].Name)
	assert.Equal(t, 4, p.Groups[1].Instances)
	assert.Len(t, p.TrustedProxies, 2)
	assert.Regexp(t, `ldconfig\.star:13: checked LdConfig\(…\)\n$`, out.String())
}

func TestInputsAndFingerprint(t *testing.T) {
	dir := write(t, map[string]string{
		"a.star":     `load("lib/b.star", "b")` + "\n" + `x = env("X", "")` + "\n" + `k = [secret("K"), secret_file("key")]` + "\n" + fine,
		"lib/b.star": `b = 1`,
		"key":        "from-file\n",
	})
	path := filepath.Join(dir, "a.star")
	opts := config.Options{Env: map[string]string{"K": "hunter2"}, LookupEnv: func(string) (string, bool) { return "", false }, Salt: []byte("salt")}
	first, err := config.Load(t.Context(), path, opts)
	require.NoError(t, err)
	type input struct {
		kind plan.InputKind
		name string
	}
	var got []input
	for _, in := range first.Inputs {
		got = append(got, input{in.Kind, strings.TrimPrefix(in.Name, dir)})
		if in.Name == "X" {
			assert.Empty(t, in.Digest)
		} else {
			assert.Regexp(t, `^[0-9a-f]{64}$`, in.Digest)
		}
	}
	assert.Equal(t, []input{
		{plan.InputFile, "/a.star"}, {plan.InputFile, "/lib/b.star"},
		{plan.InputEnv, "X"}, {plan.InputEnv, "K"}, {plan.InputFile, "/key"},
	}, got)

	again, err := config.Load(t.Context(), path, opts)
	require.NoError(t, err)
	assert.Equal(t, first.Fingerprint, again.Fingerprint)
	differ := func(why string, change func(*config.Options)) {
		o := opts
		change(&o)
		p, err := config.Load(t.Context(), path, o)
		require.NoError(t, err)
		assert.NotEqual(t, first.Fingerprint, p.Fingerprint, why)
	}
	differ("a variable is set", func(o *config.Options) { o.Env = map[string]string{"K": "hunter2", "X": ""} })
	differ("another secret", func(o *config.Options) { o.Env = map[string]string{"K": "hunter3"} })
	differ("another salt", func(o *config.Options) { o.Salt = []byte("pepper") })
	differ("a fresh salt", func(o *config.Options) { o.Salt = nil })
	require.NoError(t, os.WriteFile(filepath.Join(dir, "lib", "b.star"), []byte("b = 2"), 0o600))
	differ("another file", func(*config.Options) {})
}

func TestAllowMissingEnv(t *testing.T) {
	text := `config = LdConfig(bind = ":%s" % env("A"), idle_timeout = env.float("B"), workers = [
    WorkerGroup(name = "web", app = env("C") + ":app", instances = env.int("D"), env = {"X": env("E"), "Y": secret("F"), "Z": secret_file("none")},
        routes = [env("G")], uvicorn_args = [env("H")]),
    env("I") or WorkerGroup(name = "b", app = "main:app"),
])`
	_, err := load(t, text, config.Options{})
	var report *diag.Report
	require.ErrorAs(t, err, &report)
	assert.Len(t, report.Diagnostics, 9+1)
	p, err := load(t, text, config.Options{AllowMissingEnv: true})
	require.NoError(t, err)
	assert.Equal(t, plan.DefaultBind, p.Listeners[0].Bind.String())
	assert.Equal(t, plan.DefaultIdleTimeout, p.IdleTimeout)
	assert.Equal(t, plan.DefaultInstances, p.Groups[0].Instances)
	assert.Empty(t, p.Groups[0].Env)
}

func TestNotAboutTheContent(t *testing.T) {
	dir := t.TempDir()
	_, err := config.Load(t.Context(), filepath.Join(dir, "none.star"), config.Options{})
	require.ErrorIs(t, err, fs.ErrNotExist)
	_, err = config.Load(t.Context(), dir, config.Options{})
	require.ErrorContains(t, err, "is a folder")

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	path := filepath.Join(write(t, map[string]string{"a.star": "for i in range(1000000):\n    pass\n" + fine}), "a.star")
	_, err = config.Load(ctx, path, config.Options{})
	require.ErrorIs(t, err, context.Canceled)
}

func TestLinkedConfiguration(t *testing.T) {
	// Kubernetes mounts a ConfigMap like this: the files are links into a
	// folder beside them, which is replaced as a whole.
	dir := write(t, map[string]string{
		"..2024/ldconfig.star": `load("pools.star", "web")` + "\nconfig = LdConfig(workers = [web])\n",
		"..2024/pools.star":    `web = WorkerGroup(name = "web", app = "main:app", cwd = "app")`,
	})
	require.NoError(t, os.Symlink("..2024", filepath.Join(dir, "..data")))
	for _, name := range []string{"ldconfig.star", "pools.star"} {
		require.NoError(t, os.Symlink(filepath.Join("..data", name), filepath.Join(dir, name)))
	}
	p, err := config.Load(t.Context(), filepath.Join(dir, "ldconfig.star"), config.Options{})
	require.NoError(t, err)
	assert.Equal(t, filepath.Join(dir, "app"), p.Groups[0].Cwd)
	assert.Equal(t, filepath.Join(dir, "ldconfig.star"), p.Path)
}

func TestTextForms(t *testing.T) {
	for name, text := range map[string]string{
		"byte order mark": "\ufeff" + fine,
		"Windows lines":   strings.ReplaceAll("# a\n"+fine, "\n", "\r\n"),
		"no last newline": strings.TrimSpace(fine),
	} {
		_, err := load(t, text, config.Options{})
		assert.NoError(t, err, name)
	}
	_, err := load(t, "x = \"\xff\"\n"+fine, config.Options{})
	assert.ErrorContains(t, err, "not UTF-8")
	_, err = load(t, fine+"\x00", config.Options{})
	assert.ErrorContains(t, err, "NUL byte") // Starlark takes it for the end of the file
}

func TestReadEnvFile(t *testing.T) {
	dir := write(t, map[string]string{"a": "\ufeff# c\nA=1\r\nexport B = \"x=y\"\n\n;z\nC='a b'\nD=\nE=\"x\ny\"\n"})
	found, err := config.ReadEnvFile(filepath.Join(dir, "a"))
	vars := make(map[string]string)
	for _, v := range found {
		vars[v.Name] = v.Value
	}
	require.NoError(t, err)
	assert.Equal(t, map[string]string{"A": "1", "B": "x=y", "C": "a b", "D": "", "E": "x\ny"}, vars)
	_, err = config.ReadEnvFile(filepath.Join(dir, "none"))
	assert.ErrorIs(t, err, fs.ErrNotExist)
}

// TestLoadingIsBounded checks that no file makes much of little in one step or
// leaves values that the interpreter would walk forever once it is read.
func TestLoadingIsBounded(t *testing.T) {
	for text, want := range map[string]string{
		`x = [0] * 1000000000`:                                                     "repeating 1 element 1000000000 times is too much for a configuration",
		"x = \"ab\"\nfor i in range(60): x = x + x":                                "is too much for a configuration",
		"x = [1]\nfor i in range(60): x += x":                                      "is too much for a configuration",
		`x = "".join(["a" * 1000000] * 1000)`:                                      "is too much for a configuration",
		`x = json.decode("[" * 3000000)`:                                           "levels are too deep for a configuration",
		`x = int("9" * 1000000)`:                                                   "a number of 1000000 digits is too long for a configuration",
		`x = max(range(100000000000))`:                                             "is too much for a configuration",
		"x = []\nfor i in range(300000): x = [x]\ny = str(x)":                      "the value is too large for a configuration",
		"x = []\nfor i in range(1000000): x = [x]":                                 "the value of `x` is too large",
		"x = (1,)\nfor i in range(60): x = (x, x)":                                 "the value of `x` is too large",
		"x = (1,)\nfor i in range(60): x = (x, x)\ny = {x: 1}":                     "can hold at most 256 values",
		"x = struct(a = 1)\nfor i in range(60): x = struct(a = x, b = x)":          "the value of `x` is too large",
		"def outer():\n    def f(x):\n        return f\n    return f\ng = outer()": "the value of `g` is too large",
	} {
		_, err := load(t, text+"\n"+fine, config.Options{Timeout: 10 * time.Minute})
		if assert.Error(t, err, text) {
			assert.Contains(t, err.Error(), want, text)
		}
	}
}
