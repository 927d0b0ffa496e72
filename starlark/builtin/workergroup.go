package builtin

import (
	"fmt"
	"strings"
	"sync"

	"go.starlark.net/starlark"

	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/starlark/diag"
	"github.com/ldcorn/ldcorn/starlark/value"
)

// A Group is the result of a call of WorkerGroup.
type Group struct {
	opaque
	Spec   *plan.Group
	Span   diag.Span            // of the word WorkerGroup
	Name   diag.Span            // of the name's value
	Values map[string]diag.Span // of the arguments that are given, by name
	Wrong  map[string]bool      // the arguments whose values were reported, so that Spec lacks them
	Trace  []diag.Frame         // calls that led to it

	used bool
}

// Used reports whether the group is part of an LdConfig.
func (g *Group) Used() bool { return g.used }

func workerGroupWord() Word {
	return Word{
		Name:      "WorkerGroup",
		Returns:   "WorkerGroup",
		Doc:       "A group of identical Uvicorn processes and the requests that they take.",
		Arguments: argumentsOf(groupFields()),
	}
}

// workerGroup implements WorkerGroup.
func (s *Session) workerGroup(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	c := s.begin(thread, s.words["WorkerGroup"])
	have := c.bind(args, kwargs)
	spec := plan.NewGroup()
	spec.Pos = position(c.span)
	wrong := make(map[string]bool)
	for _, f := range groupFields() {
		if g := have[f.Name]; g != nil {
			wrong[f.Name] = value.IsUnset(g.value) || c.fails(func() { f.set(c, g, spec) })
		}
	}
	c.checkHealth(have, spec)
	c.checkMemory(have, spec)
	group := &Group{opaque: "WorkerGroup", Spec: spec, Span: c.span, Name: c.span, Values: spansOf(have), Wrong: wrong, Trace: c.trace}
	if g := have["name"]; g != nil {
		group.Name = g.span
	}
	s.groups = append(s.groups, group)
	return group, nil
}

// groupFields are the arguments of WorkerGroup.
var groupFields = sync.OnceValue(func() []field[plan.Group] {
	return fieldsOf(plan.GroupAttributes, map[string]func(*call, *given, *plan.Group){
		"name":             checkedString(checkName, func(p *plan.Group) *string { return &p.Name }),
		"app":              checkedString(checkApp, func(p *plan.Group) *string { return &p.App }),
		"routes":           setRoutes,
		"env":              setEnv,
		"uvicorn_args":     setUvicornArgs,
		"cwd":              setCwd,
		"python":           setPython,
		"user":             accountReader(func(p *plan.Group) *string { return &p.User }),
		"group":            accountReader(func(p *plan.Group) *string { return &p.UnixGroup }),
		"umask":            setUmask,
		"rlimits":          setRlimits,
		"cpu_affinity":     setCPUAffinity,
		"fair":             setFair,
		"limits":           setLimits,
		"rate_limit":       rateReader(func(p *plan.Group) *plan.RateLimit { return &p.RateLimit }),
		"sticky":           setSticky,
		"health_path":      optionalPath(func(p *plan.Group) *string { return &p.HealthPath }),
		"metrics_path":     optionalPath(func(p *plan.Group) *string { return &p.MetricsPath }),
		"health_headers":   editsOf(plan.ToHealth, func(p *plan.Group) *[]plan.HeaderEdit { return &p.HealthHeaders }),
		"request_headers":  editsOf(plan.ToWorker, func(p *plan.Group) *[]plan.HeaderEdit { return &p.RequestHeaders }),
		"response_headers": editsOf(plan.ToClient, func(p *plan.Group) *[]plan.HeaderEdit { return &p.ResponseHeaders }),
		"strip_prefix":     setStrip,
		"access_log":       accessLogReader(func(p *plan.Group) *plan.AccessLog { return &p.AccessLog }),
		"log_fields":       logFieldsReader(func(p *plan.Group) *[]plan.LogField { return &p.LogFields }),
		"log_sample":       logSampleReader(func(p *plan.Group) *plan.LogSample { return &p.LogSample }, true),
	})
})

// checkedString reads a string and applies check to it.
func checkedString[T any](check func(string) error, place func(*T) *string) func(*call, *given, *T) {
	return func(c *call, g *given, t *T) {
		s, err := value.String(g.value)
		if err == nil {
			err = check(s)
		}
		if err != nil {
			c.wrongValue(g, err)
			return
		}
		*place(t) = s
	}
}

// setCwd makes a relative folder absolute, so that its meaning does not depend
// on where the master was started.
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

// optionalString reads a string that is not empty. It reports false for None.
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

// notEmpty refuses a string that is empty or begins or ends with spaces.
func notEmpty(s string) error {
	if strings.TrimSpace(s) == "" {
		return value.Wrong("omit the argument to use its default", "is empty")
	}
	if s != strings.TrimSpace(s) {
		return value.Wrong(fmt.Sprintf("write %q", strings.TrimSpace(s)), "has spaces around it: %q", s)
	}
	return nil
}
