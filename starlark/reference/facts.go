package reference

import (
	"strings"

	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/starlark/builtin"
)

// Effects describe what a change of an argument does on a running master.
var Effects = map[plan.Effect]string{
	plan.EffectIdentity:   "a new name means a new group",
	plan.EffectProcess:    "a change replaces the processes",
	plan.EffectResize:     "a change starts or stops processes",
	plan.EffectProxy:      "a change applies in place",
	plan.EffectSupervisor: "a change applies in place",
	plan.EffectListener:   "a reload switches the listener",
	plan.EffectRestart:    "a change needs a stop and a start of ldcorn",
}

// Facts describes in a few words what an argument accepts besides its type, and
// what a change of it does.
func Facts(a *builtin.Argument) string {
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
