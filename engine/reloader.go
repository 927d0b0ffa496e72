package engine

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync/atomic"
	"time"

	"github.com/ldcorn/ldcorn/engine/accesslog"
	"github.com/ldcorn/ldcorn/engine/control"
	"github.com/ldcorn/ldcorn/engine/metrics"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/supervisor"
)

// A reloader is the actor that applies plans: the first one, then a newly
// read one whenever it is triggered. A trigger during a reload means one more
// reload after it.
type reloader struct {
	load    func(context.Context) (*plan.Plan, error)
	sup     *supervisor.Supervisor
	log     *slog.Logger
	access  *accesslog.Log
	stats   *metrics.Reloads
	procs   *procs
	trigger <-chan struct{}
	ready   chan struct{} // closed once the first plan is applied
	last    atomic.Pointer[control.Reload]
}

// Run blocks until ctx is cancelled. It fails if the first plan does.
func (r *reloader) Run(ctx context.Context, first *plan.Plan) error {
	result, err := r.apply(ctx, first)
	if err != nil {
		if ctx.Err() != nil || errors.Is(err, supervisor.ErrStopped) {
			return nil // told to stop while starting
		}
		return err
	}
	r.stats.Started(time.Now())
	r.log.Info("ready", "generation", result.Generation, "pools", len(result.Plan.Pools), "took", result.Took.Round(time.Millisecond))
	close(r.ready)
	for {
		select {
		case <-r.trigger:
			notify(notifyReloading)
			r.reload(ctx)
			notify(notifyReady)
		case <-ctx.Done():
			return nil
		}
	}
}

// apply has the supervisor apply a plan, and the access log go where it says.
func (r *reloader) apply(ctx context.Context, p *plan.Plan) (supervisor.Result, error) {
	target, err := r.access.Open(p)
	if err != nil {
		return supervisor.Result{}, err
	}
	result, err := r.sup.Apply(ctx, p, plan.DiffOptions{})
	if err != nil {
		return result, errors.Join(err, target.Close())
	}
	r.access.Use(target)
	return result, nil
}

// reload applies the newest configuration, or keeps everything and says why.
func (r *reloader) reload(ctx context.Context) {
	begun := time.Now()
	defer r.procs.widen()()
	r.log.Info("reload started")
	next, err := r.load(ctx)
	if err != nil {
		r.failed(ctx, err, begun)
		return
	}
	result, err := r.apply(ctx, next)
	if err != nil {
		r.failed(ctx, err, begun)
		return
	}
	r.last.Store(&control.Reload{At: time.Now(), Took: time.Since(begun).Seconds()})
	r.stats.Applied(time.Now())
	r.warnLeft(result.Changes)
	r.log.Info("reload applied", "generation", result.Generation, "took", since(begun))
}

func (r *reloader) failed(ctx context.Context, err error, begun time.Time) {
	if ctx.Err() != nil {
		r.log.Warn("reload given up", "reason", "stopping")
		return
	}
	r.last.Store(&control.Reload{At: time.Now(), Took: time.Since(begun).Seconds(), Error: err.Error()})
	r.stats.Failed()
	attrs := []any{"took", since(begun), "err", err}
	if start := new(supervisor.StartError); errors.As(err, &start) {
		attrs = []any{"took", since(begun), "pool", start.Pool, "worker", start.Worker, "err", start.Err,
			"stderr", strings.Join(start.Stderr, "\n")}
	}
	r.log.Error("reload failed", append(attrs, "reason", "everything stays as it was")...)
}

// warnLeft tells what the reload could not apply.
func (r *reloader) warnLeft(changes plan.Changes) {
	for _, c := range changes.Pools {
		if len(c.Pinned) > 0 {
			r.log.Warn("pool pinned", "pool", c.Name, "changes", joined(c.Pinned),
				"reason", "reload_on_sighup=False keeps its workers as they were started")
		}
	}
	if len(changes.Restart) > 0 {
		r.log.Warn("restart needed", "changes", joined(changes.Restart), "reason", "a reload cannot apply it; the rest was applied")
	}
}

func joined(changes []plan.AttributeChange) string {
	out := make([]string, len(changes))
	for i, c := range changes {
		out[i] = c.String()
	}
	return strings.Join(out, ", ")
}
