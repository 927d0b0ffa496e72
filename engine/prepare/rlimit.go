package prepare

import (
	"fmt"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/ldcorn/ldcorn/engine/plan"
)

// setRlimit sets one limit of this process.
func setRlimit(l *plan.Rlimit) error {
	resource, ok := resources[l.Name]
	if !ok {
		return fmt.Errorf("this system has no such limit")
	}
	// That of syscall knows that Go has raised the limit of open files for itself.
	return syscall.Setrlimit(resource, &syscall.Rlimit{Cur: limitOf(l.Soft), Max: limitOf(l.Hard)})
}

// limitOf returns a limit as the system writes it.
func limitOf(n uint64) uint64 {
	if n == plan.Unlimited {
		return unix.RLIM_INFINITY
	}
	return n
}

// checkRlimit says why the processes of this one could not have a limit.
func checkRlimit(l *plan.Rlimit) error {
	resource, ok := resources[l.Name]
	if !ok {
		return fmt.Errorf("rlimits[%q]: this system has no such limit; remove it", l.Name)
	}
	var now unix.Rlimit
	if err := unix.Getrlimit(resource, &now); err != nil {
		return fmt.Errorf("rlimits[%q]: %w", l.Name, err)
	}
	hard := limitOf(l.Hard)
	if most, ok := mostFiles(); ok && l.Name == "nofile" && hard > most {
		return fmt.Errorf("rlimits[%q]: the most that this system allows is %d (fs.nr_open), got %s; write less, or raise that with sysctl", l.Name, most, plan.LimitText(l.Hard))
	}
	if hard > now.Max && !mayRaiseLimits() {
		return fmt.Errorf("rlimits[%q]: the hard limit of the master is %d, got %s; write less, or raise it where the master is started, as with %s= of systemd or ulimit -H",
			l.Name, now.Max, plan.LimitText(l.Hard), unitName(l.Name))
	}
	return nil
}

// unitName returns the name of a limit in a unit of systemd.
func unitName(name string) string {
	const upper = 'a' - 'A'
	out := []byte("Limit" + name)
	for i := len("Limit"); i < len(out); i++ {
		out[i] -= upper
	}
	return string(out)
}
