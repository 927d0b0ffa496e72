package supervisor

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/worker"
)

// migrating returns a plan with a command of before_start, of the first group.
func migrating(groups ...*plan.Group) *plan.Plan {
	p := aPlan(groups...)
	p.BeforeStart = []plan.Command{{Args: []string{"migrate", "all"}}}
	return p
}

func TestBeforeStart_OnlyForCode(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		ran := func() int { return len(r.fakes.commands) }
		r.fakes.command = func(context.Context) error {
			assert.Zero(t, r.fakes.started(), "before the first worker")
			return nil
		}
		r.mustApply(migrating(aGroup("a"), aGroup("b", kept)))
		assert.Equal(t, []string{"a: migrate all"}, r.fakes.commands)
		r.fakes.command = nil
		r.mustApply(migrating(aGroup("a"), aGroup("b", kept)))
		assert.Equal(t, 2, ran(), "workers were replaced")
		r.mustApply(migrating(aGroup("b", kept)))
		assert.Equal(t, 2, ran(), "a group was removed")
		r.mustApply(migrating(aGroup("b", kept, instances(3))))
		assert.Equal(t, 2, ran(), "a group has more workers")
		require.NoError(t, r.sup.Restart(t.Context(), "b"))
		require.NoError(t, r.sup.Scale(t.Context(), "b", 1))
		assert.Equal(t, 2, ran())
		r.mustApply(migrating(aGroup("b", kept), aGroup("c", kept)))
		assert.Equal(t, []string{"a: migrate all", "a: migrate all", "b: migrate all"}, r.fakes.commands, "a group is new")
		_, err := r.sup.Apply(t.Context(), nil, ApplyOptions{Diff: plan.DiffOptions{Watched: true, Replace: map[string]bool{"b": true}}})
		require.NoError(t, err)
		assert.Equal(t, 3, ran(), "a file was saved")
	})
}

func TestBeforeStart_Failure(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.mustApply(migrating(aGroup("a")))
		before, starts := r.fakes.alive("a"), r.fakes.started()
		r.fakes.command = func(context.Context) error {
			return &worker.CommandError{Err: errors.New("exit code 1"), Stderr: []string{"no such table"}}
		}
		var steps []Progress
		_, err := r.sup.Apply(t.Context(), migrating(aGroup("a"), aGroup("b")), ApplyOptions{Progress: func(p Progress) { steps = append(steps, p) }})
		start := new(StartError)
		require.ErrorAs(t, err, &start)
		assert.Equal(t, "before_start failed: migrate all: exit code 1", start.Summary())
		assert.Equal(t, []string{"no such table"}, start.Stderr)
		assert.Equal(t, before, r.fakes.alive("a"))
		assert.Equal(t, starts, r.fakes.started(), "nothing was started")
		assert.Equal(t, []Progress{{Step: StepBefore, Group: "a", Reason: "migrate all"}}, steps)
		events, _ := r.sup.opts.Events.Read(nil, 1).Take()
		assert.Equal(t, api.EventBeforeFailed, events[0].Kind)
		assert.Equal(t, "exit code 1: migrate all", events[0].Reason)
		assert.Equal(t, "exit code 1: migrate", events[0].Public().Reason)
	})
}

func TestBeforeStart_StopEndsIt(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.fakes.command = func(ctx context.Context) error {
			<-ctx.Done()
			return context.Cause(ctx)
		}
		done := make(chan error, 1)
		go func() {
			_, err := r.sup.Apply(t.Context(), migrating(aGroup("a")), ApplyOptions{})
			done <- err
		}()
		synctest.Wait()
		assert.Equal(t, "before_start runs migrate all", r.sup.Activity().Reason)
		r.stop()
		require.ErrorIs(t, <-done, ErrStopped)
		assert.Zero(t, r.fakes.started())
	})
}
