package engine

import (
	"context"
	"errors"
	"strings"

	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/supervisor"
	"github.com/ldcorn/ldcorn/engine/visible"
	"github.com/ldcorn/ldcorn/engine/watch"
)

// againReason says what happens after a failure while files are watched.
const againReason = "the next save tries again"

// start applies the first plan. If files are watched, it tries again after each
// save, or each signal or request for a reload, until a plan works.
func (r *reloader) start(ctx context.Context, p *plan.Plan) (supervisor.Result, error) {
	requested := false
	defer func() {
		if requested {
			request(r.queue.more) // start has taken the value
		}
	}()
	for {
		current, done := r.files.during(ctx, &saved{config: true})
		result, err := r.apply(current, p, supervisor.ApplyOptions{})
		done(err == nil)
		if err == nil || r.files == nil || ctx.Err() != nil || errors.Is(err, supervisor.ErrStopped) {
			return result, err
		}
		if !errors.Is(err, errNewer) {
			r.log.Error("start failed", append(r.failure(err), "reason", againReason)...)
		}
		for err != nil {
			select {
			case <-r.files.saves():
			case <-r.trigger:
			case <-r.queue.more:
				requested = true
			case <-ctx.Done():
				return result, ctx.Err()
			}
			s := r.files.take()
			r.log.Info("starting again", r.files.attrs(s)...)
			s.dropBytecode()
			var next *plan.Plan
			if next, _, err = r.read(ctx, r.set.after(api.ArgSettings{})); err != nil {
				r.log.Error("configuration not usable", append(r.failure(err), "reason", againReason)...)
			} else {
				p = next
			}
		}
	}
}

// read reads the configuration, and watches its files.
func (r *reloader) read(ctx context.Context, set map[string]string) (*plan.Plan, []api.PlanWarning, error) {
	begun := watch.Now()
	next, warnings, err := r.load(ctx, set)
	if ctx.Err() != nil {
		return nil, nil, context.Cause(ctx)
	}
	now, _ := r.sup.InEffect()
	r.files.follow(begun, err, now, next)
	return next, warnings, err
}

// bring brings what a job requests into effect.
func (r *reloader) bring(ctx context.Context, j *job) (report *api.Plan, result supervisor.Result, err error) {
	j.saved.dropBytecode()
	ctx, done := r.files.during(ctx, r.abortable(j.saved))
	defer func() { done(err == nil) }()
	if j.saved != nil && !j.saved.config {
		result, err = r.applyCode(ctx, j.saved)
	} else if report, result, err = r.loadAndApply(ctx, j); err == nil {
		now, _ := r.sup.InEffect()
		r.files.follow(watch.Now(), nil, now) // and no longer what it was before
	}
	if err != nil {
		r.files.owe(j.saved)
	}
	return report, result, err
}

// abortable returns what was saved if it can be given up half-way. Where workers
// are replaced in waves, that would take longer than to go on.
func (r *reloader) abortable(s *saved) *saved {
	if now, _ := r.sup.InEffect(); now != nil && now.ReloadSurge != (plan.Surge{}) {
		return nil
	}
	return s
}

// applyCode replaces the workers of the groups whose code was saved, with the plan
// in effect.
func (r *reloader) applyCode(ctx context.Context, s *saved) (result supervisor.Result, err error) {
	defer func(done func(stay bool)) { done(err == nil) }(r.folder.Enter())
	now, _ := r.sup.InEffect()
	return r.sup.Apply(ctx, nil, supervisor.ApplyOptions{Diff: s.options(now)})
}

// options returns the options for a plan that brings into effect what was saved.
func (s *saved) options(next *plan.Plan) plan.DiffOptions {
	opts := plan.ReplaceOptions(s.of(next), false)
	opts.Watched = true
	return opts
}

// How much of a plan the log announces.
const (
	maxAnnounced = 10  // groups
	maxChange    = 300 // bytes about one of them
)

// announce logs a plan in short: the groups that change, and how.
func (r *reloader) announce(changes *plan.Changes) {
	n := 0
	for i := range changes.Groups {
		c := &changes.Groups[i]
		if c.Action == plan.Keep {
			continue
		}
		if n++; n <= maxAnnounced {
			r.log.Info(announced[c.Action], "group", c.Name, "reason", visible.Cut(changeText(c), maxChange))
		}
	}
	if n > maxAnnounced {
		r.log.Info("more groups will change", "groups", n-maxAnnounced)
	}
	if len(changes.Plan) > 0 {
		r.log.Info("settings will change", "reason", visible.Cut(joined(changes.Plan), maxChange))
	}
	if n == 0 && len(changes.Plan) == 0 && len(changes.Restart) == 0 {
		r.log.Info("nothing will change")
	}
}

// announced are the messages about what will happen to a group.
var announced = map[plan.Action]string{
	plan.Update: "group will be changed in place", plan.Resize: "group will be resized", plan.Replace: "group will be replaced",
	plan.Add: "group will be added", plan.Remove: "group will be removed",
}

// changeText says what changes in a group, or else why.
func changeText(c *plan.Change) string {
	var parts []string
	if c.Reason == plan.ReasonCode {
		parts = append(parts, c.Reason)
	}
	if len(c.Changes) > 0 {
		parts = append(parts, joined(c.Changes))
	}
	if len(parts) == 0 {
		return c.Reason
	}
	return strings.Join(parts, ", ")
}
