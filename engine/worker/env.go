package worker

import (
	"os"
	"slices"
	"strconv"
	"strings"
)

// The variables that every worker sees.
const (
	EnvGroup      = "LDCORN_GROUP"
	EnvWorker     = "LDCORN_WORKER"     // the index, kept across restarts
	EnvGeneration = "LDCORN_GENERATION" // of the plan the worker was started for
)

// notInherited are variables of the master that would mislead a worker: those
// of the service manager are about the master, and Uvicorn reads its options
// from UVICORN_*, where another socket or reloader would win over ours.
var notInherited = []string{
	"NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC", "LISTEN_FDS", "LISTEN_FDNAMES", "LISTEN_PID",
	"UVICORN_APP", "UVICORN_HOST", "UVICORN_PORT", "UVICORN_FD", "UVICORN_UDS", "UVICORN_RELOAD",
	"UVICORN_WORKERS", "UVICORN_LIMIT_CONCURRENCY", "UVICORN_LIMIT_MAX_REQUESTS",
	"UVICORN_LIMIT_MAX_REQUESTS_JITTER", "UVICORN_SSL_KEYFILE", "UVICORN_SSL_CERTFILE",
}

// Environ returns the worker's environment: the master's, the pool's env with
// {index} replaced, and what ldcorn adds. Secrets are revealed here.
func (s *Spec) Environ() []string {
	env := append(inherited(), "PYTHONUNBUFFERED=1")
	if _, set := os.LookupEnv("PYTHONUNBUFFERED"); set {
		env = inherited()
	}
	if s.Pool.Cwd != "" {
		env = append(env, "PWD="+s.Pool.Cwd)
	}
	index := strconv.Itoa(s.Index)
	for _, v := range s.Pool.Env {
		env = append(env, v.Name+"="+strings.ReplaceAll(v.Value.Reveal(), "{index}", index))
	}
	return append(env, // the last of two values counts
		EnvGroup+"="+s.Pool.Name,
		EnvWorker+"="+index,
		EnvGeneration+"="+strconv.Itoa(s.Generation),
	)
}

// inherited is the master's environment without what is not for a worker.
func inherited() []string {
	return slices.DeleteFunc(os.Environ(), func(kv string) bool {
		name, _, _ := strings.Cut(kv, "=")
		return slices.Contains(notInherited, name)
	})
}
