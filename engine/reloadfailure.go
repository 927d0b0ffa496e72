package engine

import (
	"context"
	"errors"
	"time"

	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/supervisor"
	"github.com/ldcorn/ldcorn/engine/visible"
	"github.com/ldcorn/ldcorn/engine/worker"
)

// A refusal is an error in the request for a reload, not in the configuration
// that would have been loaded: nothing was tried, so it does not count as a
// failed reload.
type refusal struct{ error }

func (r refusal) Unwrap() error { return r.error }

// errStalePlan means that a plan from a file no longer applies.
var errStalePlan = errors.New("the plan is out of date: the running configuration or the plan's inputs have changed since; make a new one with ldcorn plan --out")

// failed tells everybody that a reload has failed, and why.
func (r *reloader) failed(ctx context.Context, err error, begun time.Time, j *job) {
	if ctx.Err() != nil {
		r.log.Warn("reload given up", "reason", "stopping")
		j.tell(stepStopping)
		return
	}
	if errors.Is(err, errNewer) {
		r.log.Info("reload given up", "took", since(begun), "reason", errNewer)
		return
	}
	if errors.As(err, new(refusal)) {
		r.log.Warn("reload refused", "took", since(begun), "err", err)
		r.events.Emit(api.Event{Kind: api.EventRefused, Took: time.Since(begun).Seconds(), Reason: err.Error()})
		j.tell(api.ReloadStep{Kind: api.StepFailed, Error: r.explain(err), Refused: true})
		return
	}
	r.last.Store(&api.Reload{At: time.Now(), Took: time.Since(begun).Seconds(), Error: err.Error(), Summary: summary(err), Public: public(err, err.Error())})
	r.stats.Failed()
	hint, bare := worker.Advice(err)
	failed := api.ReloadStep{Kind: api.StepFailed, Error: r.explain(bare), Hint: hint}
	reason := err.Error()
	if start := new(supervisor.StartError); errors.As(err, &start) {
		failed.Error, failed.Stderr, failed.Hint, failed.Command = start.Summary(), start.Stderr, start.Hint, start.Command != ""
		reason = start.Summary()
	}
	attrs := append([]any{"took", since(begun)}, r.failure(err)...)
	outcome := "everything stays as it was"
	if j.saved != nil {
		outcome += "; " + againReason
	}
	if back := new(supervisor.RollbackError); errors.As(err, &back) {
		failed.Outcome = back.Outcome()
		outcome = failed.Outcome
	}
	r.log.Error("reload failed", append(attrs, "reason", outcome)...)
	reason = visible.FirstLine(outcome) + ": " + reason
	r.events.Emit(api.Event{Kind: api.EventReloadFailed, Took: time.Since(begun).Seconds(), Reason: reason, PublicReason: public(err, reason)}, failed.Stderr...)
	j.tell(failed)
}

// public returns what anybody may know of a text about an error, in one line.
func public(err error, text string) string {
	if start := new(supervisor.StartError); errors.As(err, &start) {
		return start.Public(text)
	}
	return visible.FirstLine(text)
}

// failure returns the attributes that describe why a plan could not be applied.
// Whoever has saved a file gets all that is known about it.
func (r *reloader) failure(err error) []any {
	start := new(supervisor.StartError)
	if !errors.As(err, &start) {
		hint, bare := worker.Advice(err)
		if hint == "" {
			return []any{"err", r.files.diagnosis(err)}
		}
		return []any{"err", bare, "hint", hint}
	}
	attrs := []any{"group", start.Group}
	switch {
	case start.Command != "":
		attrs = append(attrs, "command", start.Command)
	case start.All > 0:
		attrs = append(attrs, "failed", start.All)
	default:
		attrs = append(attrs, "worker", start.Worker)
	}
	return append(attrs, start.Attrs()...)
}
