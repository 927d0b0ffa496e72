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
		company := index > 0 // the workers with lower indexes are new and up
		there, err := g.carryOut(ctx, newRenewal(index, asked, company))
		if err != nil || !there {
			return err
		}
	}
}

// RestartWorker is like Restart for the worker with one index. It returns an
// UnknownWorkerError if the group has no such index.
func (s *Supervisor) RestartWorker(ctx context.Context, name string, index int) error {
	g, err := s.group(name)
	if err != nil {
		return err
	}
	g.starter.Forget() // see Restart
	there, err := g.carryOut(ctx, newRenewal(index, time.Now(), false))
	if err == nil && !there {
		known := 0
		g.do(func() { known = len(g.seats) })
		return &UnknownWorkerError{Group: name, Worker: index, Known: known}
	}
	return err
}

// carryOut replaces the worker of a renewal, and waits for that. It reports whether the group has the index.
func (g *group) carryOut(ctx context.Context, r *renewal) (there bool, err error) {
	g.do(func() {
		if there = r.index >= 0 && r.index < len(g.seats); there {
			g.renew(r)
		}
	})
	switch {
	case g.hasEnded():
		return false, ErrStopped
	case !there:
		return false, nil
	}
	return true, r.await(ctx, g)
}

// A renewal is the replacement of one worker by Restart or RestartWorker.
type renewal struct {
	index int
	asked time.Time
	batch *batch // holds the one succession, once it has begun
	news  <-chan struct{}
}

// newRenewal returns a renewal. With company, a failed start is repeated (see batch).
func newRenewal(index int, asked time.Time, company bool) *renewal {
	news := make(chan struct{}, 1)
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
