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
// to finish, and Uvicorn does not look at SIGTERM while the app starts.
const abortGrace = time.Second

// errRetired is the cause of a start that was given up.
var errRetired = errors.New("no longer wanted")

// A member is one worker process of a group, from before its start to after
// its end. Its goroutine, live, sees it through and tells the group; the
// fields below the line belong to the group's goroutine, and reach live by
// being set before ctx is cancelled.
type member struct {
	group      *group
	spec       *plan.Group
	index      int
	generation int
	delay      time.Duration // before the start
	startup    time.Duration // from the start until ready; 0 = no limit
	left       time.Duration // what is left of startup, for a start that is repeated; 0 = all
	spread     float64       // from 0 to below 1: sets it apart from others with the same limits
	born       time.Time     // when it was wanted

	ctx     context.Context // cancelled: retired
	cancel  context.CancelCauseFunc
	entered chan struct{} // closed: in service, the pool gives it requests
	cut     chan struct{} // closed: what is in flight is not waited for
	over    chan struct{} // closed when the process has ended and the group knows

	// ----
	state      api.WorkerState
	since      time.Time // of the state
	proc       process
	worker     *pool.Worker
	succession *succession // of which it is the next worker; nil once it is in service
	limits     limits      // of its end; not changed once ctx is cancelled
	isCut      bool        // cut is closed
	current    bool        // it is its seat's worker

	keepUntil time.Time // not recycled before
	retries   int       // replacements of it that failed
}

// limits bound the end of a worker.
type limits struct {
	drain     time.Duration // of its requests; 0 = none
	websocket time.Duration // of its websockets
	stop      time.Duration // from SIGTERM to SIGKILL
}

func limitsOf(spec *plan.Group) limits {
	return limits{drain: spec.DrainTimeout, websocket: spec.WebsocketGrace, stop: spec.StopTimeout}
}

// enter says that the pool gives the member requests. It is called by the
// group's goroutine; a second call does nothing.
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

// begin lasts from before the start of the process to after its end. exit is
// nil if there never was one; err says why it did not become ready.
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
		ctx, cancel = context.WithTimeoutCause(ctx, limit, fmt.Errorf("not ready within %v (startup_timeout)", m.startup))
		defer cancel()
	}
	if err := proc.WaitReady(ctx); err != nil {
		return err
	}
	return m.awaitHealthy(ctx, proc)
}

// serve lasts from ready to the end of the process.
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
		cancel() // what a dead worker does not answer says nothing
		return proc.Wait()
	case <-m.ctx.Done():
	}
	m.drain(proc, w)
	w.CloseIdle()
	m.group.post(func() { m.group.move(m, api.StateStopping, api.Event{}) })
	return proc.Stop(m.stopGrace(), m.group.hurry)
}

// watch looks after a worker from when it is in service until ctx ends.
func (m *member) watch(ctx context.Context, proc process, w *pool.Worker) {
	select {
	case <-m.entered:
	case <-ctx.Done():
		return
	}
	var wg sync.WaitGroup
	wg.Go(func() { m.watchHealth(ctx, proc, w) })
	wg.Go(func() { m.watchWear(ctx, proc, w) })
	wg.Go(func() { m.watchSocket(ctx, w) })
	wg.Wait()
}

// drain waits for what the retired worker has in flight: for plain requests
// up to drain_timeout, for websockets up to websocket_grace.
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
		m.group.log.Warn("drain_timeout is over", "worker", m.index, "pid", proc.PID(), "requests", requests, "websockets", tunnels)
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

// stopGrace is the group's stop_timeout, as the group last knew it.
func (m *member) stopGrace() time.Duration {
	select {
	case <-m.ctx.Done():
		return m.limits.stop
	default:
		return m.spec.StopTimeout
	}
}
