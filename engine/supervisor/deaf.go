package supervisor

import (
	"context"
	"errors"
	"time"

	"github.com/ldcorn/ldcorn/engine/pool"
)

// deafGrace is how long a worker whose socket refuses connections has to end:
// mostly it is just about to.
const deafGrace = time.Second

var errDeaf = errors.New("its socket refuses connections, and it has not ended")

// watchSocket has a worker replaced that takes no connection any more but does
// not end, until ctx ends. So does Uvicorn that somebody has sent a SIGTERM,
// for as long as it has a request in hand; what it has, it may finish.
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
