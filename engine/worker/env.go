package worker

import (
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/prepare"
)

// The variables that every worker gets.
const (
	EnvGroup      = "LDCORN_GROUP"
	EnvWorker     = "LDCORN_WORKER"     // the index, kept across restarts
	EnvGeneration = "LDCORN_GENERATION" // of the plan that started the worker
	// EnvMaster identifies the master, so that the next one can recognize
	// processes that a killed master left behind. Processes that the app starts
	// inherit it.
	EnvMaster = "LDCORN_MASTER"
)

// webConcurrency is the variable from which Uvicorn reads its number of
// processes.
const webConcurrency = "WEB_CONCURRENCY"

// notInherited are variables that the service manager sets for the master
// alone.
var notInherited = []string{
	"NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC",
	"LISTEN_FDS", "LISTEN_FDNAMES", "LISTEN_PID", "LISTEN_PIDFDID",
}

// Environ returns the worker's environment: the master's, the group's env with
// {index} replaced, and ldcorn's own variables. It reveals secrets. It omits
// every variable that plan.RefuseVariable refuses, because another socket, more
// processes or a reloader would override what ldcorn relies on.
//
// A user of its own has the variables that a login sets in place of the master's
// personal ones. A user that does not exist is no error here.
func (s *Spec) Environ() []string {
	env := inheritedBy(s.Group)
	if _, set := os.LookupEnv("PYTHONUNBUFFERED"); !set {
		env = append(env, "PYTHONUNBUFFERED=1")
	}
	if s.Group.Cwd != "" {
		env = append(env, "PWD="+s.Group.Cwd)
	}
	index := strconv.Itoa(s.Index)
	for _, v := range s.Group.Env {
		if _, refused := plan.RefuseVariable(v.Name); !refused {
			env = append(env, v.Name+"="+v.Of(s.Index))
		}
	}
	if s.option("--env-file", "UVICORN_ENV_FILE") != "" {
		// Uvicorn reads variables from the file, except those already set.
		env = append(env, webConcurrency+"=1")
	}
	if s.Master != "" {
		env = append(env, EnvMaster+"="+s.Master)
	}
	return append(env, // the last of two values wins
		EnvGroup+"="+s.Group.Name,
		EnvWorker+"="+index,
		EnvGeneration+"="+strconv.Itoa(s.Generation),
	)
}

// inherited returns the master's environment without the variables that a
// worker must not have.
func inherited() []string {
	return slices.DeleteFunc(os.Environ(), func(kv string) bool {
		name, _, _ := strings.Cut(kv, "=")
		_, refused := plan.RefuseVariable(name)
		return refused || slices.Contains(notInherited, name)
	})
}

// inheritedBy is inherited for the processes of a group, which may have a user of its
// own.
func inheritedBy(group *plan.Group) []string {
	env := inherited()
	account, _ := prepare.AccountOf(group) // whoever starts a process reports an error
	own := account.Environ()
	if own == nil {
		return env
	}
	env = slices.DeleteFunc(env, func(kv string) bool {
		name, _, _ := strings.Cut(kv, "=")
		return slices.Contains(prepare.Personal, name)
	})
	return append(env, own...)
}

// option returns the value of a Uvicorn option that the user can set as an
// argument or as a variable; "" if it is not set.
func (s *Spec) option(option, variable string) string {
	if value, ok := lastOption(s.Group.UvicornArgs, option); ok {
		return value
	}
	return s.variable(variable)
}

// variable returns a variable of the worker's environment.
func (s *Spec) variable(name string) string {
	for _, v := range slices.Backward(s.Group.Env) {
		if v.Name == name {
			return v.Value.Reveal()
		}
	}
	return os.Getenv(name)
}

// lastOption returns the last value given for an option, which is the one that
// Uvicorn uses.
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
