package builtin

import (
	"strconv"

	"go.starlark.net/starlark"

	"github.com/ldcorn/ldcorn/engine/plan"
)

func cpuCountWord() Word {
	return Word{Name: "cpu_count", Returns: "int",
		Doc: "How many CPUs there are for this process: at least 1, and no more than its affinity and its cgroup's quota allow."}
}

// cpuCount is the word cpu_count.
func (s *Session) cpuCount(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	c := s.begin(thread, s.words["cpu_count"])
	c.bind(args, kwargs)
	return s.countCPUs(), nil
}

// countCPUs counts them and records that they were counted.
func (s *Session) countCPUs() starlark.Value {
	n := s.opts.CPUs()
	s.opts.Input(plan.InputSystem, "cpu_count", strconv.AppendInt(nil, int64(n), 10), false)
	return starlark.MakeInt(n)
}
