//go:build !linux || portable

package capture_test

import (
	"os"
	"slices"

	"github.com/ldcorn/ldcorn/engine/proc"
)

// children returns the processes that descend from this one, without its guard.
func children() []proc.Process {
	return slices.DeleteFunc(proc.Below(proc.All(), os.Getpid()), func(p proc.Process) bool { return p.Program() == "ldcorn-guard" })
}
