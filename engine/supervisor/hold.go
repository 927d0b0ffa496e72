package supervisor

import (
	"time"

	"github.com/ldcorn/ldcorn/engine/api"
)

// Hold makes the requests of a group wait in its queue, within the queue's
// limits, until Release: while a database migrates, say. Requests in flight go
// on; GroupStatus.Requests tells when they are done. A reload keeps it, but for
// a group that is removed and added again. On a group that is held it does
// nothing. Safe from any goroutine.
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
