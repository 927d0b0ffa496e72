package supervisor

import "github.com/ldcorn/ldcorn/engine/plan"

// settings are what the goroutines that watch a group's workers need to know
// about it. They are immutable: configure replaces them and closes changed.
type settings struct {
	spec    *plan.Group
	changed chan struct{}
}

// configure gives the watchers a new spec.
func (g *group) configure(spec *plan.Group) {
	old := g.settings.Swap(&settings{spec: spec, changed: make(chan struct{})})
	if old != nil {
		close(old.changed)
	}
}
