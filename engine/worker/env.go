package worker

import (
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/ldcorn/ldcorn/engine/plan"
)

// The variables that every worker sees.
const (
	EnvGroup      = "LDCORN_GROUP"
	EnvWorker     = "LDCORN_WORKER"     // the index, kept across restarts
	EnvGeneration = "LDCORN_GENERATION" // of the plan the worker was started for
	// EnvMaster names the master, so that what a killed one has left is known
	// by it. Processes that the app starts inherit it.
	EnvMaster = "LDCORN_MASTER"
)

// webConcurrency is where Uvicorn reads its number of processes from.
const webConcurrency = "WEB_CONCURRENCY"

// notInherited are variables in which the service manager speaks to the master
// alone.
var notInherited = []string{
	"NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC",
	"LISTEN_FDS", "LISTEN_FDNAMES", "LISTEN_PID", "LISTEN_PIDFDID",
}

// Environ returns the worker's environment: the master's, the group's env with
// {index} replaced, and what ldcorn adds. Secrets are revealed here. It has no
// variable that plan.RefuseVariable refuses: another socket, more processes or
// a reloader would win over what ldcorn relies on.
func (s *Spec) Environ() []string {
	env := inherited()
	if _, set := os.LookupEnv("PYTHONUNBUFFERED"); !set {
		env = append(env, "PYTHONUNBUFFERED=1")
	}
	if s.Group.Cwd != "" {
		env = append(env, "PWD="+s.Group.Cwd)
	}
	index := strconv.Itoa(s.Index)
	for _, v := range s.Group.Env {
		if _, refused := plan.RefuseVariable(v.Name); !refused {
			env = append(env, v.Name+"="+strings.ReplaceAll(v.Value.Reveal(), "{index}", index))
		}
	}
	if s.option("--env-file", "UVICORN_ENV_FILE") != "" {
		// Uvicorn takes variables from the file, but none that is set.
		env = append(env, webConcurrency+"=1")
	}
	if s.Master != "" {
		env = append(env, EnvMaster+"="+s.Master)
	}
	return append(env, // the last of two values counts
		EnvGroup+"="+s.Group.Name,
		EnvWorker+"="+index,
		EnvGeneration+"="+strconv.Itoa(s.Generation),
	)
}

// inherited is the master's environment without what is not for a worker.
func inherited() []string {
	return slices.DeleteFunc(os.Environ(), func(kv string) bool {
		name, _, _ := strings.Cut(kv, "=")
		_, refused := plan.RefuseVariable(name)
		return refused || slices.Contains(notInherited, name)
	})
}

// option returns the value of an option of Uvicorn that the user may give as
// an argument or as a variable; "" where it is not given.
func (s *Spec) option(option, variable string) string {
	if value, ok := lastOption(s.Group.UvicornArgs, option); ok {
		return value
	}
	for _, v := range slices.Backward(s.Group.Env) {
		if v.Name == variable {
			return v.Value.Reveal()
		}
	}
	return os.Getenv(variable)
}

// lastOption returns the value that counts where an option is given.
func lastOption(args []string, option string) (value string, ok bool) {
	for i, a := range args {
		if v, found := strings.CutPrefix(a, option+"="); found {
			value, ok = v, true
		} else if a == option && i+1 < len(args) {
			value, ok = args[i+1], true
		}
	}
	return value, ok
}
