package supervisor

import (
	"context"
	"time"

	"github.com/ldcorn/ldcorn/engine/pool"
)

// lastQuestion is how long a Witness may keep a worker from being stopped.
const lastQuestion = time.Second

// A Witness learns of the workers in service. The goroutine of a worker calls its
// methods, in this order; several goroutines can do so at a time. Entered may be
// missing, if the worker ends before it is in service, and Retired and Stopping are
// missing if it ends on its own. Only Stopping may wait, until ctx is done.
type Witness interface {
	Entered(group string, w *pool.Worker)
	Retired(w *pool.Worker)                       // it gets no new requests
	Stopping(ctx context.Context, w *pool.Worker) // it has no requests left, and is told to stop next
	Ended(w *pool.Worker)                         // its process has exited
}

func (m *member) tellEntered(w *pool.Worker) {
	if m.group.witness != nil {
		m.witnessed.Do(func() { m.group.witness.Entered(m.group.name, w) })
	}
}

func (m *member) tellRetired(w *pool.Worker) {
	if m.group.witness == nil {
		return
	}
	select {
	case <-m.entered:
		m.tellEntered(w) // the goroutine that does so may not have begun
		m.group.witness.Retired(w)
	default:
	}
}

// tellStopping lets the witness ask the worker once more, unless nobody waits for the
// worker any longer.
func (m *member) tellStopping(proc process, w *pool.Worker) {
	if m.group.witness == nil {
		return
	}
	ctx, cancel := untilExit(context.Background(), proc)
	defer cancel()
	ctx, end := context.WithTimeout(ctx, lastQuestion)
	defer end()
	asked := make(chan struct{})
	defer func() { <-asked }()
	go func() {
		defer close(asked)
		select {
		case <-m.cut:
		case <-m.group.hurry:
		case <-ctx.Done():
		}
		end()
	}()
	defer end()
	select {
	case <-m.cut:
	default:
		m.group.witness.Stopping(ctx, w)
	}
}

func (m *member) tellEnded(w *pool.Worker) {
	if m.group.witness != nil {
		m.group.witness.Ended(w)
	}
}
