package supervisor

import (
	"context"
	"time"

	"github.com/ldcorn/ldcorn/engine/api"
)

// Hold makes the requests of a group wait in its queue, within the queue's
// limits, until Release: while a database migrates, say. Requests in flight go
// on; Quiet tells when they are done. A reload keeps the hold, unless the group
// was removed and is added again. On a group that is held, Hold does nothing. It
// is safe for concurrent use.
func (s *Supervisor) Hold(name string) error {
	g, err := s.group(name)
	if err != nil {
		return err
	}
	if g.pool.Hold() {
		now := g.pool.Stats()
		g.log.Info("group held", "requests", now.Requests, "websockets", now.Tunnels)
		g.events.Emit(api.Event{Kind: api.EventHeld, Group: name, Requests: now.Requests, Websockets: now.Tunnels})
	}
	return nil
}

// Quiet returns once no plain request of a group is in flight, those on its old
// workers included, or with an error once ctx is done. It is safe for concurrent
// use.
func (s *Supervisor) Quiet(ctx context.Context, name string) error {
	g, err := s.group(name)
	if err != nil {
		return err
	}
	select {
	case <-g.pool.Quiet():
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Release ends what Hold has begun; on a group that is not held it does
// nothing. Safe from any goroutine.
func (s *Supervisor) Release(name string) error {
	g, err := s.group(name)
	if err != nil {
		return err
	}
	queued := g.pool.Queued()
	if since := g.pool.Resume(); !since.IsZero() {
		took := time.Since(since).Round(time.Millisecond)
		g.log.Info("group released", "queued", queued, "took", took)
		g.events.Emit(api.Event{Kind: api.EventReleased, Group: name, Queued: queued, Took: took.Seconds()})
	}
	return nil
}
