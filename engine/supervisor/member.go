package supervisor

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/pool"
	"github.com/ldcorn/ldcorn/engine/worker"
)

// abortGrace bounds the stop of a worker that was never ready: it has nothing
// to finish, and Uvicorn ignores SIGTERM while the app starts.
const abortGrace = time.Second

// errRetired is the cause when a start was given up.
var errRetired = errors.New("no longer wanted")

// A member is one worker process of a group, from before its start until after
// its end. Its goroutine, live, manages the process and reports to the group.
// The fields below the line belong to the group's goroutine; live may read them
// once ctx is canceled.
type member struct {
	group      *group
	spec       *plan.Group
	index      int
	generation int
	delay      time.Duration // before the start
	startup    time.Duration // from the start until ready; 0 means no limit
	left       time.Duration // what remains of startup when a start is repeated; 0 means all of it
	spread     float64       // in [0, 1): sets it apart from others with the same limits
	born       time.Time     // when it was created

	ctx     context.Context // canceled when the member is retired
	cancel  context.CancelCauseFunc
	entered chan struct{} // closed when in service: the pool gives it requests
	cut     chan struct{} // closed to not wait for requests in flight
	over    chan struct{} // closed when the process has exited and the group knows

	witnessed sync.Once // of tellEntered

	// ----
	state      api.WorkerState
	since      time.Time // when it entered the state
	proc       process
	worker     *pool.Worker
	succession *succession // the one it is the next worker of; nil once in service
	limits     limits      // never changes once ctx is canceled
	isCut      bool        // whether cut is closed
	current    bool        // whether it is its seat's worker

	keepUntil time.Time // do not recycle it before then
	retries   int       // failed attempts to replace it
}

// limits bound the shutdown of a worker.
type limits struct {
	drain     time.Duration // for its requests; 0 means no limit
	websocket time.Duration // for its websockets
	stop      time.Duration // from SIGTERM to SIGKILL
}

func (g *group) limitsOf(spec *plan.Group) limits {
	l := limits{drain: spec.DrainTimeout, websocket: spec.WebsocketGrace, stop: spec.StopTimeout}
	if g.watched {
		l.websocket = min(l.websocket, watchedDrain)
		if l.drain == 0 || l.drain > watchedDrain {
			l.drain = watchedDrain
		}
	}
	return l
}

// enter records that the pool gives the member requests. Only the group's
// goroutine calls it; a second call does nothing.
func (m *member) enter() {
	select {
	case <-m.entered:
	default:
		close(m.entered)
	}
}

// live is the member's goroutine.
func (m *member) live() {
	defer close(m.over)
	exit, err := m.begin()
	m.group.post(func() { m.group.ended(m, exit, err) })
}

// begin runs the process from before its start until after its end. exit is nil
// if the process was never created; err says why it did not become ready.
func (m *member) begin() (*worker.Exit, error) {
	if !m.pause() {
		return nil, errRetired
	}
	proc, err := m.group.starter.Start(m.ctx, m.spec, m.index, m.generation)
	if err != nil {
		return nil, err
	}
	defer m.group.starter.Discard(proc)
	m.group.post(func() { m.group.started(m, proc) })
	if err := m.awaitReady(proc); err != nil {
		exit := proc.Stop(min(m.stopGrace(), abortGrace), m.group.hurry)
		return &exit, err
	}
	w := pool.NewWorker(m.index, proc.PID(), proc.Socket())
	w.SocketScheme = proc.Uvicorn().TakesSocketScheme()
	m.group.post(func() { m.group.ready(m, w) })
	exit := m.serve(proc, w)
	m.tellEnded(w)
	return &exit, nil
}

// pause waits before a restart. It returns false if the member is retired
// first.
func (m *member) pause() bool {
	timer := time.NewTimer(m.delay)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-m.ctx.Done():
		return false
	}
}

func (m *member) awaitReady(proc process) error {
	ctx := m.ctx
	if m.startup > 0 {
		limit := m.startup
		if m.left > 0 {
			limit = m.left
		}
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, limit, &lateError{m.startup})
		defer cancel()
	}
	if err := proc.WaitReady(ctx); err != nil {
		if errors.As(err, new(*lateError)) {
			err = &worker.Advised{Err: fmt.Errorf("%w: %w", err, errNeverOpened),
				Hint: "does the app block while it is imported or started? If it only needs longer, raise startup_timeout"}
		}
		return err
	}
	return m.awaitHealthy(ctx, proc)
}

// errNeverOpened means that a worker hangs, or takes long, before Uvicorn accepts
// connections.
var errNeverOpened = errors.New("its socket never opened")

// A lateError says that a worker was not ready in time.
type lateError struct{ limit time.Duration }

func (e *lateError) Error() string {
	return fmt.Sprintf("not ready within %v (startup_timeout)", e.limit)
}

// serve runs from when the process is ready until it exits.
func (m *member) serve(proc process, w *pool.Worker) worker.Exit {
	ctx, cancel := context.WithCancel(m.ctx)
	var watchers sync.WaitGroup
	watchers.Go(func() { m.watch(ctx, proc, w) })
	watchers.Go(func() {
		<-proc.Exited()
		m.group.post(func() { m.group.exited(m) })
	})
	defer watchers.Wait()
	defer cancel()
	select {
	case <-proc.Exited():
		cancel() // an unanswered check of a dead worker means nothing
		return proc.Wait()
	case <-m.ctx.Done():
	}
	m.tellRetired(w)
	m.drain(proc, w)
	m.tellStopping(proc, w)
	w.CloseIdle()
	m.group.post(func() { m.group.move(m, api.StateStopping, api.Event{}) })
	if m.group.watched {
		defer time.AfterFunc(watchedSever, w.Ended).Stop()
	}
	return proc.Stop(m.stopGrace(), m.group.hurry)
}

// watch supervises a worker from when it enters service until ctx ends.
func (m *member) watch(ctx context.Context, proc process, w *pool.Worker) {
	select {
	case <-m.entered:
	case <-ctx.Done():
		return
	}
	m.tellEntered(w)
	var wg sync.WaitGroup
	wg.Go(func() { m.watchHealth(ctx, proc, w) })
	wg.Go(func() { m.watchWear(ctx, proc, w) })
	wg.Go(func() { m.watchSocket(ctx, w) })
	wg.Wait()
}

// drain waits for what the retired worker has in flight: up to drain_timeout
// for ordinary requests, up to websocket_grace for websockets.
func (m *member) drain(proc process, w *pool.Worker) {
	grace := time.NewTimer(m.limits.websocket)
	defer grace.Stop()
	var limit <-chan time.Time // never
	if m.limits.drain > 0 {
		limit = time.After(m.limits.drain)
	}
	select {
	case <-w.RequestsDone():
	case <-limit:
		requests, tunnels := w.InFlight()
		if attrs := []any{"worker", m.index, "pid", proc.PID(), "requests", requests, "websockets", tunnels}; m.group.watched {
			m.group.log.Info("old worker stopped", append(attrs, "reason", "under --watch it has a second for its requests")...)
		} else {
			m.group.log.Warn("drain_timeout expired", attrs...)
		}
		if tunnels == 0 {
			return
		}
	case <-proc.Exited():
		return
	case <-m.cut:
		return
	}
	select {
	case <-w.Drained():
	case <-grace.C:
	case <-proc.Exited():
	case <-m.cut:
	}
}

// stopGrace returns the group's current stop_timeout or, once the member is
// retired, the one that applied then.
func (m *member) stopGrace() time.Duration {
	select {
	case <-m.ctx.Done():
		return m.limits.stop
	default:
		return m.spec.StopTimeout
	}
}
