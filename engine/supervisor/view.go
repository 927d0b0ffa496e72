package supervisor

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ldcorn/ldcorn/engine/plan"
)

// A view is what others than Run's goroutine may look at, at any time: an
// apply that waits for workers does not keep them waiting. It is never
// changed, but replaced.
type view struct {
	plan       *plan.Plan
	generation int
	applied    time.Time         // when the plan took effect
	groups     map[string]*group // of the plan
	leaving    []*group          // removed, with workers that may still drain
}

// show replaces the view. It is called by Run's goroutine.
func (s *Supervisor) show(applied time.Time) {
	s.view.Store(&view{
		plan: s.plan, generation: s.generation, applied: applied,
		groups: maps.Clone(s.groups), leaving: slices.Collect(maps.Keys(s.leaving)),
	})
}

// InEffect returns the plan that runs, and its generation: nil and 0 before
// the first. Pinned and restart-only settings are those that are in effect.
// Safe from any goroutine.
func (s *Supervisor) InEffect() (*plan.Plan, int) {
	v := s.view.Load()
	return v.plan, v.generation
}

// Started is when the supervisor was made. Safe from any goroutine.
func (s *Supervisor) Started() time.Time { return s.born }

// group finds a group of the plan in effect.
func (s *Supervisor) group(name string) (*group, error) {
	v := s.view.Load()
	if g := v.groups[name]; g != nil {
		return g, nil
	}
	return nil, &UnknownGroupError{Group: name, Known: slices.Sorted(maps.Keys(v.groups))}
}

// An UnknownGroupError names a group that the plan in effect does not have.
type UnknownGroupError struct {
	Group string
	Known []string // sorted
}

func (e *UnknownGroupError) Error() string {
	known := make([]string, len(e.Known))
	for i, name := range e.Known {
		known[i] = strconv.Quote(name)
	}
	if len(known) == 0 {
		return fmt.Sprintf("no group %q: nothing runs yet", e.Group)
	}
	return fmt.Sprintf("no group %q; there are: %s", e.Group, strings.Join(known, ", "))
}
