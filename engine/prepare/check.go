package prepare

import (
	"fmt"
	"os"
	"strings"

	"github.com/ldcorn/ldcorn/engine/cgroup"
	"github.com/ldcorn/ldcorn/engine/plan"
)

// Check returns what the processes of a group cannot have on this machine, or from
// this master. It starts and changes nothing.
func Check(group *plan.Group) (out []*Problem) {
	if p := checkAccount(group); p != nil {
		out = append(out, p)
	}
	for i := range group.Rlimits {
		if err := checkRlimit(&group.Rlimits[i]); err != nil {
			out = append(out, &Problem{"rlimits", err})
			break
		}
	}
	if least := leastNice(); group.Nice != nil && *group.Nice < least {
		out = append(out, problem("nice", "nice: the master may give %d or more, got %d; start it as root, or with LimitNICE=%[2]d of systemd", least, *group.Nice))
	}
	for _, set := range group.CPUAffinity {
		if err := tryCPUs(set); err != nil {
			out = append(out, problem("cpu_affinity", "cpu_affinity %s: %w", set, err))
			break
		}
	}
	if group.HasMemoryLimit() {
		argument := "memory_max"
		if group.MemoryMax == 0 {
			argument = "memory_high"
		}
		if err := cgroup.Check(); err != nil {
			out = append(out, problem(argument, "%s: %w", argument, err))
		}
	}
	return out
}

// CheckAll returns the first problem of the groups of a plan as one error, or nil.
func CheckAll(p *plan.Plan) error {
	for _, group := range p.Groups {
		if problems := Check(group); len(problems) > 0 {
			return fmt.Errorf("group %q: %w", group.Name, problems[0])
		}
	}
	return nil
}

func checkAccount(group *plan.Group) *Problem {
	account, p := AccountOf(group)
	if p != nil {
		return &Problem{p.Argument, fmt.Errorf("%s: %w", p.Argument, p.Err)}
	}
	if account == nil {
		return nil
	}
	argument := "user"
	if group.User == "" {
		argument = "group"
	}
	lacks := lackedRights()
	switch {
	case len(lacks) == 0:
		return nil
	case os.Geteuid() != 0:
		return problem(argument, "%s: a master that does not run as root cannot start processes as another %[1]s, here as %s; start it as root, or remove %[1]s=", argument, account)
	}
	return problem(argument, "%s: the master runs as root without %s, which it needs to start processes as %s; allow it, as with CapabilityBoundingSet= of systemd or --cap-add of Docker",
		argument, strings.Join(lacks, ", "), account)
}
