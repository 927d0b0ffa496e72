package machine

import (
	"fmt"
	"path/filepath"

	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/worker"
	"github.com/ldcorn/ldcorn/starlark/config"
)

// lookForCommands warns about programs that are not there. It says nothing about a group
// that has no interpreter or folder: lookForPythons does.
func lookForCommands(res *config.Result) {
	for i := range res.Plan.BeforeStart {
		lookForCommand(res, "before_start", &res.Plan.BeforeStart[i])
	}
	for i := range res.Plan.OnEvent {
		if h := &res.Plan.OnEvent[i]; !h.IsWebhook() {
			lookForCommand(res, "on_event", &h.Command)
		}
	}
}

func lookForCommand(res *config.Result, argument string, c *plan.Command) {
	group, dir := res.Plan.GroupOf(c), filepath.Dir(res.Plan.Path)
	if _, err := worker.FindPython(group, dir); err != nil || worker.CheckCwd(group) != nil {
		return
	}
	_, err := worker.CommandOf(c, group, dir)
	warn(res, argument, fmt.Sprintf("%s cannot run on this machine", c.Args[0]), err)
}
