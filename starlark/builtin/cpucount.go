package builtin

import (
	"strconv"

	"go.starlark.net/starlark"

	"github.com/ldcorn/ldcorn/engine/plan"
)

func cpuCountWord() Word {
	return Word{Name: "cpu_count", Returns: "int",
		Doc: "The number of CPUs that this process can use: at least 1, and no more than its affinity and its cgroup quota allow."}
}

// cpuCount implements cpu_count.
func (s *Session) cpuCount(thread *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	c := s.begin(thread, s.words["cpu_count"])
	c.bind(args, kwargs)
	return s.countCPUs(), nil
}

// countCPUs returns the number of CPUs and records that the evaluation asked
// for it.
func (s *Session) countCPUs() starlark.Value {
	n := s.opts.CPUs()
	s.opts.Input(plan.InputSystem, "cpu_count", strconv.AppendInt(nil, int64(n), 10), false)
	return starlark.MakeInt(n)
}
