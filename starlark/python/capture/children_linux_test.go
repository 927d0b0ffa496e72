//go:build !portable

package capture_test

import (
	"os"

	"github.com/ldcorn/ldcorn/engine/proc"
)

// children returns the processes that descend from this one.
func children() []proc.Process { return proc.Below(proc.All(), os.Getpid()) }
