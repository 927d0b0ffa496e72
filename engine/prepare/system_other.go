//go:build !linux

package prepare

import (
	"errors"

	"golang.org/x/sys/unix"

	"github.com/ldcorn/ldcorn/engine/plan"
)

// resources are the limits that this system has.
var resources = map[string]int{
	"as": unix.RLIMIT_AS, "core": unix.RLIMIT_CORE, "cpu": unix.RLIMIT_CPU, "data": unix.RLIMIT_DATA, "fsize": unix.RLIMIT_FSIZE,
	"memlock": unix.RLIMIT_MEMLOCK, "nofile": unix.RLIMIT_NOFILE, "nproc": unix.RLIMIT_NPROC, "rss": unix.RLIMIT_RSS, "stack": unix.RLIMIT_STACK,
}

// setDeathSignal does nothing: a guard ends the process.
func setDeathSignal(int) error { return nil }

func setNice(n int) error { return unix.Setpriority(unix.PRIO_PROCESS, 0, n) }

var errNoAffinity = errors.New("this system cannot bind processes to CPUs; remove it")

func setCPUs(plan.CPUSet) error { return errNoAffinity }

func tryCPUs(plan.CPUSet) error { return errNoAffinity }
