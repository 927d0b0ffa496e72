package engine

import (
	"context"
	"errors"
	"os"
	"time"

	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/supervisor"
	"github.com/ldcorn/ldcorn/engine/watch"
)

// againReason says what happens after a failure while files are watched.
const againReason = "the next save tries again"

// firstPlan reads the configuration. If files are watched, it reads it again
// after each save until it is right.
func (e *Engine) firstPlan(ctx context.Context, files *watching) (*plan.Plan, error) {
	for {
		begun := watch.Now()
		first, _, err := e.opts.Load(ctx, e.opts.Set)
		files.follow(begun, err, first)
		if err == nil || files == nil || ctx.Err() != nil || !isReadable(e.opts.ConfigPath) {
			return first, err
		}
		e.log.Error("configuration not usable", "err", files.diagnosis(err), "reason", againReason)
		select {
		case <-files.saves():
			files.take()
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// isReadable reports whether a file can be opened.
func isReadable(path string) bool {
	f, err := os.Open(path)
	if err == nil {
		f.Close()
	}
	return err == nil
}

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
		begun := time.Now()
		current, done := r.files.during(ctx, &saved{config: true})
		result, err := r.apply(current, p, false, supervisor.ApplyOptions{})
		done(err == nil)
		if err == nil {
			r.last.Store(nil) // of the tries before
		}
		if err == nil || r.files == nil || ctx.Err() != nil || errors.Is(err, supervisor.ErrStopped) {
			return result, err
		}
		if !errors.Is(err, errNewer) {
			r.log.Error("start failed", append(r.failure(err), "reason", againReason)...)
			r.last.Store(&api.Reload{At: time.Now(), Took: time.Since(begun).Seconds(), Error: err.Error(), Summary: summary(err), Public: public(err, err.Error())})
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
