package builtin

import (
	"slices"

	"go.starlark.net/starlark"

	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/starlark/diag"
	"github.com/ldcorn/ldcorn/starlark/value"
)

// A Group is the value of a call of WorkerGroup.
type Group struct {
	opaque
	Spec  *plan.Group
	Span  diag.Span    // of the word WorkerGroup
	Name  diag.Span    // of the name's value
	Trace []diag.Frame // calls that led to it

	used bool
}

// Used reports whether the group is part of an LdConfig.
func (g *Group) Used() bool { return g.used }

func workerGroupWord() Word {
	return Word{
		Name:      "WorkerGroup",
		Returns:   "WorkerGroup",
		Doc:       "A group of equal Uvicorn processes and the requests that they take.",
		Arguments: arguments(groupFields(), plan.GroupAttributes),
	}
}

// workerGroup is the word WorkerGroup.
func (s *Session) workerGroup(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	c := s.begin(thread, s.words["WorkerGroup"])
	have := c.bind(args, kwargs)
	anyPath, err := plan.NewRoute(plan.DefaultRoute, plan.Pos{})
	if err != nil {
		return nil, err // the default is tested
	}
	spec := &plan.Group{
		Instances:             plan.DefaultInstances,
		MaxReqPerWorker:       plan.DefaultMaxReqPerWorker,
		Routes:                []plan.Route{anyPath},
		ReloadOnSighup:        plan.DefaultReloadOnSighup,
		LogLevel:              plan.DefaultLogLevel,
		MaxRestartsOnCrash:    plan.DefaultMaxRestartsOnCrash,
		RestartBackoffOnCrash: plan.DefaultRestartBackoffOnCrash,
		Balance:               plan.DefaultBalance,
		StopTimeout:           plan.DefaultStopTimeout,
		Pos:                   position(c.span),
	}
	lifeDefaults(spec)
	for _, f := range groupFields() {
		if g := have[f.Name]; g != nil && !value.IsUnset(g.value) {
			f.set(c, g, spec)
		}
	}
	c.checkHealth(have, spec)
	group := &Group{opaque: "WorkerGroup", Spec: spec, Span: c.span, Name: c.span, Trace: c.trace}
	if g := have["name"]; g != nil {
		group.Name = g.span
	}
	s.groups = append(s.groups, group)
	return group, nil
}

// groupFields are the arguments of WorkerGroup: the nine of the original in
// their order, then those that are given by name.
func groupFields() []field[plan.Group] {
	return slices.Concat(originalFields(), processFields(), trafficFields(), lifeFields(),
		headerFields(", after those of LdConfig", func(p *plan.Group) *[]plan.HeaderEdit { return &p.RequestHeaders },
			func(p *plan.Group) *[]plan.HeaderEdit { return &p.ResponseHeaders }),
		[]field[plan.Group]{stripField()})
}

func originalFields() []field[plan.Group] {
	return []field[plan.Group]{
		stringOf(Argument{Name: "name", Required: true, Rule: "1 to 48 of A-Z a-z 0-9 _ -",
			Doc: "The group's own name: in logs, plans and metrics.", Example: `name="web"`},
			checkName, func(p *plan.Group) *string { return &p.Name }),
		stringOf(Argument{Name: "app", Required: true, Rule: `"module:attribute"`,
			Doc: "The application, as Uvicorn takes it.", Example: `app="main:app"`, aka: []string{"application", "target", "module", "asgi"}},
			checkApp, func(p *plan.Group) *string { return &p.App }),
		intOf(Argument{Name: "instances", Default: "1", Rule: "1 to 1024",
			Doc: "How many processes.", aka: []string{"workers", "processes", "count", "replicas", "num_workers", "size", "n"}},
			1, plan.MaxInstances, func(p *plan.Group) *int { return &p.Instances }),
		intOf(Argument{Name: "max_req_per_worker", Default: "0", Rule: "0 = no cap",
			Doc: "How many requests one process works on at a time; the others wait in one queue.",
			aka: []string{"concurrency", "limit_concurrency", "max_concurrency", "max_requests_per_worker", "threads"}},
			0, noLimit, func(p *plan.Group) *int { return &p.MaxReqPerWorker }),
		{Argument{Name: "routes", Type: "list[str | matcher]", Default: `["*"]`,
			Rule: `not empty; each a matcher, a path prefix, a glob (* in a segment, ** across), or "*" for what no other route takes`,
			Doc:  "The requests that the group takes. Matchers are tried first, in the order written; then the string with the longest literal part wins.",
			aka:  []string{"route", "paths", "path", "prefix", "prefixes", "urls"}}, setRoutes},
		boolOf(Argument{Name: "reload_on_sighup", Default: "True",
			Doc: "Whether a reload replaces the processes. With False they stay, while routes and limits still change.",
			aka: []string{"reload", "hot_reload"}},
			func(p *plan.Group) *bool { return &p.ReloadOnSighup }),
		choiceOf(Argument{Name: "uvicorn_log_level", Default: `"info"`,
			Doc: "Uvicorn's own log level.", aka: []string{"log_level", "loglevel", "level"}},
			[]string{"critical", "error", "warning", "info", "debug", "trace"},
			func(p *plan.Group) *string { return &p.LogLevel }),
		intOf(Argument{Name: "max_restarts_on_crash", Default: "3", Rule: "0 = never restart",
			Doc: "How many times in a row a crashed process is started again before it counts as failed.",
			aka: []string{"max_restarts", "restarts", "retries"}},
			0, noLimit, func(p *plan.Group) *int { return &p.MaxRestartsOnCrash }),
		durationOf(Argument{Name: "restart_backoff_on_crash", Default: "2",
			Doc: "The wait before the second restart in a row; each further one doubles it.", aka: []string{"backoff", "restart_delay"}},
			func(p *plan.Group) *plan.Seconds { return (*plan.Seconds)(&p.RestartBackoffOnCrash) }),
	}
}

func processFields() []field[plan.Group] {
	return []field[plan.Group]{
		{Argument{Name: "env", Type: "dict[str, str | secret]", Keyword: true, Default: "{}",
			Rule: "{index} in a value becomes the worker's index",
			Doc:  "Variables for the processes, beside those of the master.", aka: []string{"environment", "envs", "environ"}}, setEnv},
		{Argument{Name: "uvicorn_args", Type: "list[str]", Keyword: true, Default: "[]",
			Rule: "no option that ldcorn sets itself",
			Doc:  "More options for Uvicorn.", aka: []string{"args", "extra_args", "uvicorn_options", "options"}}, setUvicornArgs},
		{Argument{Name: "cwd", Type: "str | None", Keyword: true, Default: "None",
			Rule: "a relative one starts at the configuration's folder",
			Doc:  "The folder to run in; None is the master's own.", aka: []string{"chdir", "dir", "directory", "workdir", "working_dir", "app_dir"}}, setCwd},
		{Argument{Name: "python", Type: "str | None", Keyword: true, Default: "None",
			Rule: "a relative path starts at the configuration's folder",
			Doc:  "The interpreter; None takes $VIRTUAL_ENV, .venv beside the configuration, or python3.",
			aka:  []string{"interpreter", "executable", "venv", "virtualenv"}}, setPython},
		positiveOf(Argument{Name: "stop_timeout", Keyword: true, Default: "10",
			Doc: "How long a process that was told to stop may take before it is killed.",
			aka: []string{"graceful_timeout", "timeout_graceful_shutdown", "kill_timeout", "shutdown_timeout"}},
			func(p *plan.Group) *plan.Seconds { return (*plan.Seconds)(&p.StopTimeout) }),
	}
}

// setCwd makes a relative folder absolute, so that it means the same
// wherever the master was started.
func setCwd(c *call, g *given, p *plan.Group) {
	s, ok := optionalString(c, g)
	if !ok {
		return
	}
	p.Cwd = c.session.absolute(s)
}

func setPython(c *call, g *given, p *plan.Group) {
	if s, ok := optionalString(c, g); ok {
		p.Python = s
	}
}

// optionalString reads a string that is not empty; None is not there.
func optionalString(c *call, g *given) (string, bool) {
	if g.value == starlark.None {
		return "", false
	}
	s, err := value.String(g.value)
	if err == nil {
		err = notEmpty(s)
	}
	if err != nil {
		c.wrongValue(g, err)
		return "", false
	}
	return s, true
}
