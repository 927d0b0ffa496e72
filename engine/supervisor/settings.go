package supervisor

import "github.com/ldcorn/ldcorn/engine/plan"

// settings are what the goroutines that watch a group's workers must know of
// it. They are never changed, but replaced; then changed is closed.
type settings struct {
	spec    *plan.Group
	changed chan struct{}
}

// configure gives the watchers another spec.
func (g *group) configure(spec *plan.Group) {
	old := g.settings.Swap(&settings{spec: spec, changed: make(chan struct{})})
	if old != nil {
		close(old.changed)
	}
}
