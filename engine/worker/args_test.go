package worker

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/plan"
)

func TestSpec_Args(t *testing.T) {
	const common = "-m uvicorn main:app --uds /run/1.sock --timeout-keep-alive 75 --proxy-headers --forwarded-allow-ips * --log-level info"
	for name, c := range map[string]struct {
		version Version
		args    []string
		want    string
	}{
		"old":        {Version{0, 17, 6}, nil, common + " --no-access-log"},
		"graceful":   {Version{0, 22, 0}, nil, common + " --no-access-log --timeout-graceful-shutdown 9"},
		"user's own": {Version{0, 17, 6}, []string{"--loop", "uvloop"}, common + " --no-access-log --loop uvloop"},
		"access log": {Version{0, 17, 6}, []string{"--access-log"}, common + " --access-log"},
	} {
		t.Run(name, func(t *testing.T) {
			s := Spec{Facts: Facts{Uvicorn: c.version, Python: Version{3, 10, 13}}, Socket: "/run/1.sock", Group: &plan.Group{
				App: "main:app", LogLevel: "info", StopTimeout: 10 * time.Second, UvicornArgs: c.args,
			}}
			assert.Equal(t, c.want, strings.Join(s.Args(), " "))
		})
	}
}

func TestGracefulSeconds(t *testing.T) {
	for stop, want := range map[time.Duration]int{0: 1, 500 * time.Millisecond: 1, 2 * time.Second: 1, 10 * time.Second: 9} {
		assert.Equal(t, want, gracefulSeconds(stop), "%v", stop)
	}
}

func TestSpec_Environ(t *testing.T) {
	t.Setenv("UVICORN_FD", "3")
	t.Setenv("UVICORN_VERSION", "1")
	t.Setenv("UVICORN_ROOT_PATH", "/kept")
	t.Setenv("WEB_CONCURRENCY", "4")
	t.Setenv("NOTIFY_SOCKET", "/run/notify")
	t.Setenv("PYTHONUNBUFFERED", "")
	t.Setenv("KEPT", "yes")
	s := Spec{Index: 2, Generation: 5, Group: &plan.Group{Name: "ml", Env: []plan.EnvVar{
		{Name: "KEY", Value: plan.Secret("s3cret")},
		{Name: "LDCORN_WORKER", Value: plan.Plain("not yours")},
		{Name: "UVICORN_WORKERS", Value: plan.Plain("3")},
		{Name: "N", Value: plan.Plain("{index}-{index}")},
	}}}
	last := environ(&s)
	assert.Equal(t, "s3cret", last["KEY"])
	assert.Equal(t, "2-2", last["N"])
	assert.Equal(t, "ml/2/5", last[EnvGroup]+"/"+last[EnvWorker]+"/"+last[EnvGeneration])
	assert.Equal(t, "yes", last["KEPT"])
	assert.Empty(t, last["PYTHONUNBUFFERED"], "set by the user, to off")
	assert.Equal(t, "/kept", last["UVICORN_ROOT_PATH"])
	for _, name := range []string{"UVICORN_FD", "UVICORN_VERSION", "UVICORN_WORKERS", "WEB_CONCURRENCY"} {
		assert.NotContains(t, last, name)
	}
	assert.NotContains(t, last, "NOTIFY_SOCKET")
}

func environ(s *Spec) map[string]string {
	last := make(map[string]string)
	for _, kv := range s.Environ() {
		name, value, _ := strings.Cut(kv, "=")
		last[name] = value
	}
	return last
}

// TestSpec_Environ_EnvFile: Uvicorn reads its number of workers after it has
// read the file.
func TestSpec_Environ_EnvFile(t *testing.T) {
	for _, args := range [][]string{{"--env-file", ".env"}, {"--env-file=.env"}} {
		s := Spec{Group: &plan.Group{UvicornArgs: args}}
		assert.Equal(t, "1", environ(&s)["WEB_CONCURRENCY"])
	}
	s := Spec{Group: &plan.Group{Env: []plan.EnvVar{{Name: "UVICORN_ENV_FILE", Value: plan.Plain(".env")}}}}
	assert.Equal(t, "1", environ(&s)["WEB_CONCURRENCY"])
	t.Setenv("UVICORN_ENV_FILE", ".env")
	s = Spec{Group: &plan.Group{}}
	assert.Equal(t, "1", environ(&s)["WEB_CONCURRENCY"])
}

func TestSpec_Args_Isolates(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	require.NoError(t, err)
	link := filepath.Join(t.TempDir(), "current")
	require.NoError(t, os.Symlink(dir, link))
	facts := Facts{Uvicorn: Version{0, 54, 0}, Python: Version{3, 11, 0}}
	for name, c := range map[string]struct {
		group plan.Group
		facts Facts
		safe  bool
		given string
	}{
		"folder":         {plan.Group{Cwd: dir}, facts, true, dir},
		"link":           {plan.Group{Cwd: link}, facts, true, dir},
		"old Python":     {plan.Group{Cwd: dir}, Facts{Python: Version{3, 10, 13}}, false, ""},
		"own Uvicorn":    {plan.Group{Cwd: dir}, Facts{Python: Version{3, 13, 0}, Beside: true}, false, ""},
		"another folder": {plan.Group{Cwd: dir, UvicornArgs: []string{"--app-dir", "sub"}}, facts, false, "sub"},
		"the same":       {plan.Group{Cwd: dir, UvicornArgs: []string{"--app-dir", "."}}, facts, true, "."},
		"variable":       {plan.Group{Cwd: dir, Env: []plan.EnvVar{{Name: "UVICORN_APP_DIR", Value: plan.Plain("sub")}}}, facts, false, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := Spec{Facts: c.facts, Socket: "/run/1.sock", Group: &c.group}
			assert.Equal(t, c.safe, s.Args()[0] == "-P")
			assert.Equal(t, c.safe, s.ScriptArgs("x")[0] == "-P")
			given, _ := lastOption(s.Args(), "--app-dir")
			assert.Equal(t, c.given, given)
		})
	}
}
