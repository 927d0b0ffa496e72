package supervisor

import (
	"context"
	"errors"
	"time"

	"github.com/ldcorn/ldcorn/engine/pool"
)

// deafGrace is how long a worker whose socket refuses connections has to exit.
// Most such workers are about to exit anyway.
const deafGrace = time.Second

var errDeaf = errors.New("its socket refuses connections, but the process still runs")

// watchSocket replaces a worker that accepts no more connections but does not
// exit. It returns when ctx ends. Uvicorn behaves like this when somebody sends
// it a SIGTERM while it has a request in hand; it can finish what it has.
func (m *member) watchSocket(ctx context.Context, w *pool.Worker) {
	select {
	case <-w.Expelled():
	case <-ctx.Done():
		return
	}
	select {
	case <-time.After(deafGrace):
		m.group.post(func() { m.group.dismiss(m, errDeaf) })
	case <-ctx.Done():
	}
}
