package supervisor

import (
	"context"
	"time"

	"github.com/ldcorn/ldcorn/engine/api"
)

// Hold makes the requests of a group wait in its queue, within the queue's
// limits, until Release is called: for example, while a database migrates.
// Requests in flight continue; Quiet tells when they are done. A hold survives a
// reload, unless the reload removes the group. Hold does nothing if the group is
// already held. It is safe to call from any goroutine.
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

// Quiet returns nil once no ordinary request of a group is in flight, even on its
// old workers, or an error once ctx is done. It is safe to call from any
// goroutine.
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

// Release ends a hold. It does nothing if the group is not held. It is safe to
// call from any goroutine.
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
