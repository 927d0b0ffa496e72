package worker

import (
	"fmt"
	"os"

	"github.com/ldcorn/ldcorn/engine/plan"
)

// A Spec is what starts one worker. All fields but Output, Dial and
// Master are required.
type Spec struct {
	Group      *plan.Group
	Index      int    // from 0, stable across restarts
	Generation int    // of the plan that it is started for
	Python     string // the path of FindPython
	Facts      Facts  // of that interpreter, from Probe
	Socket     string // a path that no worker ever had; Uvicorn binds it
	Output     Output // nil discards what the worker prints
	Dial       string // a path by which we reach Socket; "" is Socket itself
	Master     string // the value of EnvMaster; "" leaves it as the master has it
}

// check finds what would make the start fail with a message that names the
// wrong thing.
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
