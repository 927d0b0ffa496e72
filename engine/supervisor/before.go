package supervisor

import (
	"context"
	"errors"
	"time"

	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/worker"
)

// beforeStart is the argument that has the commands.
const beforeStart = "before_start"

// before runs the commands that come before the start of workers, one after another. The
// error is a StartError, or the cause of ctx. Only the supervisor's goroutine calls it.
func (s *Supervisor) before(ctx context.Context, changes *plan.Changes, next *plan.Plan, opts *ApplyOptions) error {
	for i := range changes.BeforeStart {
		c := &changes.BeforeStart[i]
		group := next.GroupOf(c)
		opts.tell(Progress{Step: StepBefore, Group: group.Name, Reason: c.Line()})
		s.activityReason("before_start runs "+c.Line(), "before_start runs "+c.Program())
		s.opts.Log.Info("before_start runs", "group", group.Name, "command", c.Line())
		begun := time.Now()
		err := s.starter.Command(ctx, c, group)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		e := api.Event{Kind: api.EventBeforeStart, Group: group.Name, Took: time.Since(begun).Seconds(), Reason: c.Line(), PublicReason: c.Program()}
		if err != nil {
			failure := s.commandFailure(c, group, err)
			e.Kind = api.EventBeforeFailed
			e.Reason, e.PublicReason = failure.Err.Error()+": "+c.Line(), failure.Err.Error()+": "+c.Program()
			s.opts.Events.Emit(e, failure.Stderr...)
			return failure
		}
		s.opts.Events.Emit(e)
		s.opts.Log.Info("before_start done", "group", group.Name, "command", c.Line(), "took", time.Since(begun).Round(time.Millisecond))
	}
	s.activityReason("", "")
	return nil
}

// commandFailure returns what is known about the failure of a command.
func (s *Supervisor) commandFailure(c *plan.Command, group *plan.Group, err error) *StartError {
	out := &StartError{Group: group.Name, Command: c.Line(), Program: c.Program()}
	out.Hint, out.Err = worker.Advice(err)
	if failed := new(worker.CommandError); errors.As(err, &failed) {
		out.Stderr = failed.Stderr
	}
	return out
}

// activityReason says in the status what the apply waits for, and what anybody may know
// of that.
func (s *Supervisor) activityReason(reason, public string) {
	if now := s.activity.Load(); now != nil {
		next := *now
		next.Reason, next.PublicReason = reason, public
		s.activity.Store(&next)
	}
}

// Command implements starter.
func (u *uvicorn) Command(ctx context.Context, c *plan.Command, group *plan.Group) error {
	u.folder.Restore() // as for Start
	cmd, err := worker.CommandOf(c, group, u.configDir)
	if err != nil {
		return err
	}
	mark, err := u.runtime.mark()
	if err != nil {
		return err
	}
	cmd.Env = append(cmd.Env, worker.EnvMaster+"="+mark)
	cmd.Source, cmd.Output, cmd.Hurry = worker.Source{Group: group.Name, Command: beforeStart, Ready: true}, u.output, u.hurry
	return cmd.Run(ctx)
}
