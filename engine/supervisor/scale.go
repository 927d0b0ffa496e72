package supervisor

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/ldcorn/ldcorn/engine/plan"
)

// Scale changes the number of workers of a group until the next reload, which
// restores the number in the configuration. Workers that stay are not touched.
// Scale returns nil once the new workers are ready; if one fails, it changes
// nothing and returns a StartError. It waits for its turn among calls to Apply.
// It is safe to call from any goroutine while Run runs.
func (s *Supervisor) Scale(ctx context.Context, name string, instances int) error {
	if instances < 1 || instances > plan.MaxInstances {
		return fmt.Errorf("scale %q: got %d workers, want 1 to %d", name, instances, plan.MaxInstances)
	}
	_, err := s.inTurn(ctx, name, func(ctx context.Context) (Result, error) {
		return Result{}, s.scale(ctx, name, instances)
	})
	return err
}

// scale does the work of Scale. Only the supervisor's goroutine calls it.
func (s *Supervisor) scale(ctx context.Context, name string, instances int) error {
	g, err := s.group(name)
	if err != nil {
		return err
	}
	old := s.plan.Group(name)
	spec := *old
	spec.Instances, spec.Scaled = instances, true
	change := &plan.Change{Name: name, Action: plan.Resize, Old: old, New: &spec,
		Reason: fmt.Sprintf("scaled %d -> %d", old.Instances, instances)}
	st := &step{change: change, group: g, batch: new(batch), target: target{spec: &spec, generation: s.generation, startup: s.plan.StartupTimeout}}
	if err := s.begin(ctx, []*step{st}, &ApplyOptions{}); err != nil {
		return err
	}
	g.do(func() { g.commit(st.target, false, st.batch) })
	s.plan = withGroup(s.plan, old, &spec)
	s.opts.Publisher.Publish(s.plan, pools(s.groups))
	s.applied(st)
	s.show(time.Now())
	return nil
}

// withGroup returns a copy of the plan in which next takes the place of old.
func withGroup(p *plan.Plan, old, next *plan.Group) *plan.Plan {
	out := *p
	out.Groups = slices.Clone(p.Groups)
	out.Groups[slices.Index(out.Groups, old)] = next
	return &out
}
