package reference

import (
	"strings"

	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/starlark/builtin"
)

// Effects say what it takes to change an argument on a running master.
var Effects = map[plan.Effect]string{
	plan.EffectIdentity:   "another name is another group",
	plan.EffectProcess:    "a change replaces the processes",
	plan.EffectResize:     "a change starts or stops processes",
	plan.EffectProxy:      "changed in place",
	plan.EffectSupervisor: "changed in place",
	plan.EffectRestart:    "a change takes a stop and a start of ldcorn",
}

// facts tells in a few words what an argument takes, beside its type, and what
// a change of it costs.
func facts(a *builtin.Argument) string {
	var out []string
	switch {
	case a.Default != "":
		out = append(out, "default "+a.Default)
	case a.Absent != "":
		out = append(out, "without it, "+a.Absent)
	}
	if a.Unit != "" {
		out = append(out, "in "+a.Unit)
	}
	if a.Rule != "" {
		out = append(out, a.Rule)
	}
	if e := Effects[a.Effect]; e != "" {
		out = append(out, e)
	}
	return strings.Join(out, "; ")
}
