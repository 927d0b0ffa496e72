package engine

import (
	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/supervisor"
)

// A setter knows which arguments of the configuration are set.
type setter struct {
	first map[string]string // at the start
	sup   *supervisor.Supervisor
}

// after returns what is set after the settings have changed what is set in the plan
// in effect. It is safe to call from any goroutine.
func (s setter) after(settings api.ArgSettings) map[string]string {
	before := s.first
	if now, _ := s.sup.InEffect(); now != nil {
		before = now.Set
	}
	return settings.After(before)
}

// argsInEffect lists the arguments of the configuration in effect.
func argsInEffect(sup *supervisor.Supervisor) (*api.Args, error) {
	now, _ := sup.InEffect()
	if now == nil {
		return nil, errNoPlan
	}
	return now.ListArgs(), nil
}
