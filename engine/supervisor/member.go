package supervisor

import (
	"context"
	"errors"
	"fmt"
	"time"

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
	spec       *plan.Pool
	index      int
	generation int
	delay      time.Duration // before the start
	startup    time.Duration // from the start until ready; 0 = no limit

	ctx    context.Context // cancelled: retired
	cancel context.CancelCauseFunc
	cut    chan struct{} // closed: what is in flight is not waited for
	over   chan struct{} // closed when the process has ended and the group knows

	// ----
	state   State
	since   time.Time // of the state
	proc    process
	worker  *pool.Worker
	report  chan<- report // whom to tell about the start; nil once told
	stop    time.Duration // grace between SIGTERM and SIGKILL; not changed once ctx is cancelled
	isCut   bool          // cut is closed
	current bool          // it is its slot's worker
}

// A report is how the start of a member went.
type report struct {
	member *member
	err    error // nil: ready
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
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, m.startup, fmt.Errorf("not ready within %v (startup_timeout)", m.startup))
		defer cancel()
	}
	return proc.WaitReady(ctx)
}

// serve lasts from ready to the end of the process.
func (m *member) serve(proc process, w *pool.Worker) worker.Exit {
	select {
	case <-proc.Exited():
		m.group.post(func() { m.group.lost(m) })
		return proc.Wait()
	case <-m.ctx.Done():
	}
	m.drain(proc, w)
	w.CloseIdle()
	m.group.post(func() { m.group.move(m, StateStopping) })
	return proc.Stop(m.stopGrace(), m.group.hurry)
}

// drain waits for what the retired worker has in flight: for plain requests
// as long as they take, for websockets as long as their grace.
func (m *member) drain(proc process, w *pool.Worker) {
	grace := time.NewTimer(plan.DefaultWebsocketGrace)
	defer grace.Stop()
	select {
	case <-w.RequestsDone():
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

// stopGrace is the pool's stop_timeout, as the group last knew it.
func (m *member) stopGrace() time.Duration {
	select {
	case <-m.ctx.Done():
		return m.stop
	default:
		return m.spec.StopTimeout
	}
}
