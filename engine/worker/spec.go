package worker

import (
	"fmt"
	"os"

	"github.com/ldcorn/ldcorn/engine/cgroup"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/prepare"
)

// A Spec describes one worker to start. All fields except Output, Dial and
// Master are required.
type Spec struct {
	Group      *plan.Group
	Index      int           // from 0, stable across restarts
	Generation int           // of the plan that starts it
	Python     string        // path found by FindPython
	Facts      Facts         // about that interpreter, from Probe
	Socket     string        // a path that no worker has ever used; Uvicorn binds it
	Output     Output        // receives what the worker prints; nil discards it
	Dial       string        // path at which we reach Socket; "" means Socket itself
	Master     string        // value of EnvMaster; "" leaves it as inherited
	Link       func()        // makes Dial lead to Socket once Uvicorn has bound it; nil if Dial leads there anyway
	Cgroup     *cgroup.Group // for the process; nil if it has no limits of memory
	Hasty      bool          // requests that are open when Uvicorn is told to stop have a second
}

// check catches faults for which the start would fail with a misleading
// message.
func (s *Spec) check() error {
	if s.Group.Cwd == "" {
		return nil
	}
	info, err := os.Stat(s.Group.Cwd)
	switch {
	case err != nil:
		return fmt.Errorf("cwd: %w", err)
	case !info.IsDir():
		return fmt.Errorf("cwd: %s is not a folder", s.Group.Cwd)
	}
	return nil
}

// setup returns what the process gets before it becomes Uvicorn.
func (s *Spec) setup() (*prepare.Setup, error) {
	out, err := prepare.For(s.Group, s.Index)
	if err == nil && s.Cgroup != nil {
		out.Cgroup = s.Cgroup.Path()
	}
	return out, err
}
