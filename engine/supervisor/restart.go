package supervisor

import (
	"context"
	"time"

	"github.com/ldcorn/ldcorn/engine/api"
)

// Restart replaces the workers of a group one after another, each only once its
// replacement is ready, and restarts those that have failed. It returns nil
// when all are ready, or a StartError once one has failed for good (see batch);
// the old worker of that index and those after it then keep serving. A worker
// that a reload replaces in the meantime counts as restarted. Restart is safe
// to call from any goroutine.
func (s *Supervisor) Restart(ctx context.Context, name string) error {
	g, err := s.group(name)
	if err != nil {
		return err
	}
	g.starter.Forget() // Uvicorn may be a different version by now
	asked := time.Now()
	for index := 0; ; index++ {
		r := newRenewal(index, asked)
		there := false
		g.do(func() {
			if there = index < len(g.seats); there {
				g.renew(r)
			}
		})
		switch {
		case g.hasEnded():
			return ErrStopped
		case !there:
			return nil
		}
		if err := r.await(ctx, g); err != nil {
			return err
		}
	}
}

// A renewal is the replacement of one worker by Restart.
type renewal struct {
	index int
	asked time.Time
	batch *batch // holds the one succession, once it has begun
	news  <-chan struct{}
}

func newRenewal(index int, asked time.Time) *renewal {
	news := make(chan struct{}, 1)
	company := index > 0 // the workers with lower indexes are new and up
	return &renewal{index: index, asked: asked, batch: newBatch(company, news), news: news}
}

// await returns once the worker is ready or there is nothing to wait for.
func (r *renewal) await(ctx context.Context, g *group) error {
	for {
		done, err := false, (*StartError)(nil)
		g.do(func() { done, err = r.batch.over || r.batch.ready() > 0, r.batch.err })
		switch {
		case err != nil:
			return err
		case done:
			return nil
		}
		select {
		case <-r.news:
		case <-g.done:
			return ErrStopped
		case <-ctx.Done():
			g.do(func() { r.batch.over = true }) // a worker that has started stays
			return context.Cause(ctx)
		}
	}
}

// renew replaces the worker of an index if it was created before r.asked. It
// notifies the batch of the outcome, immediately if there is nothing to do.
func (g *group) renew(r *renewal) {
	if g.replacing() != nil {
		g.waiting = append(g.waiting, r)
		return
	}
	if g.closing || r.index >= len(g.seats) {
		r.batch.end()
		return
	}
	s := g.seats[r.index]
	m := s.current
	switch {
	case m != nil && m.state != api.StateBackoff && !m.born.Before(r.asked):
		r.batch.end()
	case m != nil && m.state == api.StateReady:
		s.lastExit = "restarted"
		g.emit(api.EventRecycled, m, api.Event{Reason: "ldcorn restart"})
		g.replace(m, api.RestartCommand, r.batch)
	default: // no worker serves the seat, so there is nothing to wait for
		if m != nil {
			g.release(m, true)
		}
		s.crashes = 0
		g.count(r.index, api.RestartCommand)
		sc := &succession{index: r.index, why: api.RestartCommand, batch: r.batch}
		r.batch.add(sc)
		g.fill(sc, 0)
	}
}
