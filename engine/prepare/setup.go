package prepare

import (
	"fmt"

	"github.com/ldcorn/ldcorn/engine/plan"
)

// A Setup is what a process gets before it becomes its program. The zero Setup changes
// nothing.
type Setup struct {
	Account *Account      `json:"account,omitempty"` // nil leaves the user and the groups
	Umask   *int          `json:"umask,omitempty"`   // nil leaves it
	Rlimits []plan.Rlimit `json:"rlimits,omitempty"`
	Nice    *int          `json:"nice,omitempty"` // nil leaves it
	CPUs    plan.CPUSet   `json:"cpus,omitempty"` // "" leaves them
	Cgroup  string        `json:"cgroup,omitempty"`
	Parent  int           `json:"parent"` // the process that starts it
	// DeathSignal is the parent-death signal that the process was started with, of
	// which a change of the user deprives it; 0 if there is none.
	DeathSignal int    `json:"death_signal"`
	Program     string `json:"program"` // the path of what it becomes
	Verdict     int    `json:"verdict"` // the descriptor to say what fails
}

// For returns what the processes of a group get, for the one with an index, without a
// cgroup. The error says that this machine lacks a user or a group.
func For(group *plan.Group, index int) (*Setup, error) {
	s := &Setup{Rlimits: group.Rlimits, Nice: group.Nice, CPUs: group.AffinityOf(index)}
	if group.Umask.Set {
		s.Umask = &group.Umask.Bits
	}
	account, err := AccountOf(group)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", err.Argument, err)
	}
	s.Account = account
	return s, nil
}

// ForCommand is For for a command beside the workers, which may run on all CPUs.
func ForCommand(group *plan.Group) (*Setup, error) {
	s, err := For(group, 0)
	if err == nil {
		s.CPUs = ""
	}
	return s, err
}

// ForTrial returns the user and the groups of a group's processes, for a process that
// finds something out about their program. A process that cannot take them, because a
// person checks a configuration, stays as it is.
func ForTrial(group *plan.Group) (*Setup, error) {
	account, p := AccountOf(group)
	switch {
	case p != nil:
		return nil, fmt.Errorf("%s: %w", p.Argument, p)
	case account != nil && len(lackedRights()) > 0:
		account = nil
	}
	return &Setup{Account: account}, nil
}

// isZero reports whether the setup changes nothing.
func (s *Setup) isZero() bool {
	return s == nil || s.Account == nil && s.Umask == nil && len(s.Rlimits) == 0 && s.Nice == nil && s.CPUs == "" && s.Cgroup == ""
}
