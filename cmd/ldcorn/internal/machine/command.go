package machine

import (
	"fmt"
	"path/filepath"

	"github.com/ldcorn/ldcorn/engine/worker"
	"github.com/ldcorn/ldcorn/starlark/config"
)

// lookForCommands warns about programs that are not there. It says nothing about a group
// that has no interpreter or folder: lookForPythons does.
func lookForCommands(res *config.Result) {
	for i := range res.Plan.BeforeStart {
		c := &res.Plan.BeforeStart[i]
		group, dir := res.Plan.GroupOf(c), filepath.Dir(res.Plan.Path)
		if _, err := worker.FindPython(group, dir); err != nil || worker.CheckCwd(group) != nil {
			continue
		}
		_, err := worker.CommandOf(c, group, dir)
		warn(res, "before_start", fmt.Sprintf("%s cannot run on this machine", c.Args[0]), err)
	}
}
