package machine

import (
	"fmt"

	"github.com/ldcorn/ldcorn/engine/prepare"
	"github.com/ldcorn/ldcorn/starlark/config"
)

// lookAtSystem warns about what the processes of groups could not have if a master were
// started here: a user, limits, CPUs. It says the same once for several groups.
func lookAtSystem(res *config.Result) {
	said := make(map[string]bool)
	for i, group := range res.Plan.Groups {
		for _, p := range prepare.Check(group) {
			if !said[p.Error()] {
				said[p.Error()] = true
				warnAt(res, res.GroupArgument(i, p.Argument), fmt.Sprintf("group %q cannot start on this machine", group.Name), p)
			}
		}
	}
}
