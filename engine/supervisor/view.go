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

// A view is what goroutines other than Run's can look at, at any time, even
// while an apply waits for workers. It is immutable: show replaces it.
type view struct {
	plan       *plan.Plan
	generation int
	applied    time.Time         // when the plan took effect
	groups     map[string]*group // groups of the plan
	leaving    []*group          // removed, with workers that may still be draining
}

// show replaces the view. Only Run's goroutine calls it.
func (s *Supervisor) show(applied time.Time) {
	s.view.Store(&view{
		plan: s.plan, generation: s.generation, applied: applied,
		groups: maps.Clone(s.groups), leaving: slices.Collect(maps.Keys(s.leaving)),
	})
}

// InEffect returns the plan that is in effect and its generation: nil and 0
// before the first. Pinned and restart-only settings have the values in effect.
// It is safe to call from any goroutine.
func (s *Supervisor) InEffect() (*plan.Plan, int) {
	v := s.view.Load()
	return v.plan, v.generation
}

// Started returns when the supervisor was created. It is safe to call from any
// goroutine.
func (s *Supervisor) Started() time.Time { return s.born }

// group returns a group of the plan in effect.
func (s *Supervisor) group(name string) (*group, error) {
	v := s.view.Load()
	if g := v.groups[name]; g != nil {
		return g, nil
	}
	return nil, &UnknownGroupError{Group: name, Known: slices.Sorted(maps.Keys(v.groups))}
}

// An UnknownGroupError names a group that is not in the plan in effect.
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
	return fmt.Sprintf("no group %q; known groups: %s", e.Group, strings.Join(known, ", "))
}

// An UnknownWorkerError names a worker that a group does not have.
type UnknownWorkerError struct {
	Group  string
	Worker int
	Known  int // how many workers the group has, whose indexes begin at 0
}

func (e *UnknownWorkerError) Error() string {
	name := func(index int) string { return strconv.Quote(fmt.Sprintf("%s.%d", e.Group, index)) }
	known := "known workers: " + name(0)
	switch {
	case e.Known == 0:
		known = "its group has none yet"
	case e.Known == 2:
		known += ", " + name(1)
	case e.Known > 2:
		known += " to " + name(e.Known-1)
	}
	return fmt.Sprintf("no worker %s; %s", name(e.Worker), known)
}
