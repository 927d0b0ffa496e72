package worker

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/ldcorn/ldcorn/engine/plan"
)

func TestSpec_Args(t *testing.T) {
	const common = "-m uvicorn main:app --uds /run/1.sock --workers 1 --timeout-keep-alive 75 --proxy-headers --forwarded-allow-ips * --log-level info"
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
			s := Spec{Version: c.version, Socket: "/run/1.sock", Pool: &plan.Pool{
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
	t.Setenv("NOTIFY_SOCKET", "/run/notify")
	t.Setenv("PYTHONUNBUFFERED", "")
	t.Setenv("KEPT", "yes")
	s := Spec{Index: 2, Generation: 5, Pool: &plan.Pool{Name: "ml", Env: []plan.EnvVar{
		{Name: "KEY", Value: plan.Secret("s3cret")},
		{Name: "LDCORN_WORKER", Value: plan.Plain("not yours")},
		{Name: "N", Value: plan.Plain("{index}-{index}")},
	}}}
	last := make(map[string]string)
	for _, kv := range s.Environ() {
		name, value, _ := strings.Cut(kv, "=")
		last[name] = value
	}
	assert.Equal(t, "s3cret", last["KEY"])
	assert.Equal(t, "2-2", last["N"])
	assert.Equal(t, "ml/2/5", last[EnvGroup]+"/"+last[EnvWorker]+"/"+last[EnvGeneration])
	assert.Equal(t, "yes", last["KEPT"])
	assert.Empty(t, last["PYTHONUNBUFFERED"], "set by the user, to off")
	assert.NotContains(t, last, "UVICORN_FD")
	assert.NotContains(t, last, "NOTIFY_SOCKET")
}
