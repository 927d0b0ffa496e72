package engine

import (
	"context"

	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/supervisor"
	"github.com/ldcorn/ldcorn/engine/watch"
)

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
	return r.sup.Apply(ctx, nil, supervisor.ApplyOptions{Diff: r.files.options(s, now)})
}

// options returns the options for a plan that brings into effect what was saved. The
// watching may be nil.
func (w *watching) options(s *saved, next *plan.Plan) plan.DiffOptions {
	opts := plan.ReplaceOptions(s.of(next), false)
	opts.Watched = true
	opts.Reasons = w.reasons(s)
	return opts
}
