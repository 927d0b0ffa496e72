package supervisor

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/event"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/pool"
	"github.com/ldcorn/ldcorn/engine/worker"
)

// A group is one worker group at run time. Its goroutine, run, owns all
// fields below the line; others send it what to do.
type group struct {
	name    string
	log     *slog.Logger // with the group's name
	starter starter
	jitter  func(time.Duration) time.Duration
	spread  func() float64         // from 0 to below 1: what sets a worker apart from the others
	usage   func(int) worker.Usage // of a worker, by pid
	hurry   <-chan struct{}        // closed: kill instead of stop
	pool    *pool.Pool
	events  *event.Stream

	settings atomic.Pointer[settings] // set by run's goroutine, for the watchers of workers

	inbox chan func()
	done  chan struct{} // closed when run has returned
	down  atomic.Bool   // every worker has failed
	alarm func()        // called when down becomes true; must not block

	// ----
	target   // as it runs
	seats    []*seat
	restarts []api.Restarts       // by index
	members  map[*member]struct{} // all that live, retired ones too
	waiting  []*renewal           // for the end of a replacement
	emptied  <-chan struct{}      // the queue of a closed pool is empty; nil unless closing
	closing  bool                 // ends with its last member
	living   sync.WaitGroup       // the members' goroutines
}

func (s *Supervisor) newGroup(spec *plan.Group) *group {
	g := &group{
		name: spec.Name, log: s.opts.Log.With("group", spec.Name), starter: s.starter, jitter: s.jitter,
		spread: s.spread, usage: s.usage, hurry: s.opts.Hurry, pool: pool.New(spec), events: s.opts.Events, alarm: s.raise,
		inbox: make(chan func()), done: make(chan struct{}), members: make(map[*member]struct{}),
	}
	g.configure(spec)
	return g
}

// run is the group's goroutine. It returns once the group is closing and its
// last member has ended.
func (g *group) run() {
	defer close(g.done)
	defer g.living.Wait()
	for !g.closing || len(g.members) > 0 {
		select {
		case f := <-g.inbox:
			f()
		case <-g.emptied:
			g.emptied = nil
			g.retireAll(false)
		}
	}
}

// post has f run by the group's goroutine, which lives as long as any member.
func (g *group) post(f func()) { g.inbox <- f }

// do is post for those who are no members: it waits until f has run, and does
// nothing if the group has ended.
func (g *group) do(f func()) {
	ran := make(chan struct{})
	select {
	case g.inbox <- func() { f(); close(ran) }:
		<-ran
	case <-g.done:
	}
}

func (g *group) hasEnded() bool {
	select {
	case <-g.done:
		return true
	default:
		return false
	}
}

// spawn makes the next worker of a succession and starts its goroutine. left is
// what it has of startup_timeout; 0 = all of it.
func (g *group) spawn(sc *succession, delay, left time.Duration) *member {
	t := sc.target
	m := &member{
		group: g, spec: t.spec, index: sc.index, generation: t.generation, delay: delay, startup: t.startup, left: left,
		spread: g.spread(), cut: make(chan struct{}), over: make(chan struct{}), entered: make(chan struct{}),
		succession: sc, born: time.Now(), since: time.Now(), state: api.StateStarting, limits: limitsOf(t.spec),
	}
	sc.next = m
	if delay > 0 {
		m.state = api.StateBackoff
	}
	m.ctx, m.cancel = context.WithCancelCause(context.Background())
	g.members[m] = struct{}{}
	g.living.Go(m.live)
	return m
}

// move changes a member's state: one log line and one event. e has what the
// event tells beside the state.
func (g *group) move(m *member, to api.WorkerState, e api.Event, attrs ...any) {
	was := m.state
	took := time.Since(m.since).Round(time.Millisecond)
	m.state, m.since = to, time.Now()
	e.Took = took.Seconds()
	g.emit(kinds[to], m, e)
	attrs = append([]any{"worker", m.index, "pid", m.pid(), "state", to, "was", was, "took", took}, attrs...)
	g.log.Info("worker state changed", attrs...)
}

func (m *member) pid() int {
	if m.proc == nil {
		return 0
	}
	return m.proc.PID()
}

// started is called when the process exists.
func (g *group) started(m *member, proc process) {
	m.proc = proc
	m.state, m.since = api.StateStarting, time.Now()
	m.succession.begun()
	g.emit(api.EventStarting, m, api.Event{})
	g.log.Info("worker state changed", "worker", m.index, "pid", proc.PID(), "state", api.StateStarting, "generation", m.generation)
}

// ready is called when the process accepts connections. One that an apply
// waits for gets requests only once the apply commits.
func (g *group) ready(m *member, w *pool.Worker) {
	m.worker = w
	g.move(m, api.StateReady, api.Event{})
	sc := m.succession
	sc.trouble = ""
	sc.tell()
	switch {
	case m.current:
		g.pool.Swap([]*pool.Worker{m.worker}, nil)
		m.enter()
		g.conclude(sc)
	case sc.phase == beside:
		g.replaced(sc)
	}
	if m.current { // in service: nobody waits any more
		sc.end()
		m.succession = nil
	}
	g.relieve(sc)
	if m.ctx.Err() != nil { // retired while it became ready: nothing to drain
		g.pool.Swap(nil, []*pool.Worker{m.worker})
	}
}

// troubled is called when a member that starts has failed a health check.
func (g *group) troubled(m *member, reason string) {
	if sc := m.succession; sc != nil && sc.next == m {
		sc.trouble = reason
		sc.tell()
	}
}

// exited is called when a process that was ready has ended, by itself or because
// it was told to: no request may be sent to it from now on, and what it still
// had in hand is over, whoever may hold its sockets.
func (g *group) exited(m *member) {
	g.pool.Swap(nil, []*pool.Worker{m.worker})
	m.worker.Ended()
}

// ended is called last: the process is gone, or there never was one. err says
// why it did not become ready; nil if it had.
func (g *group) ended(m *member, exit *worker.Exit, err error) {
	defer m.cancel(nil)
	delete(g.members, m)
	wasReady, lived := m.state == api.StateReady, time.Since(m.since)
	retired := m.ctx.Err() != nil
	if m.proc != nil {
		g.move(m, api.StateExited, api.Event{Reason: exit.String()}, "reason", exit.String())
	}
	m.state = api.StateExited
	failure := g.failure(m, exit, err)
	why := api.RestartCrash
	if !wasReady {
		why, lived = api.RestartStart, 0
	}
	if sc := m.succession; sc != nil {
		switch {
		case sc.phase == beside:
			g.notReplaced(sc, failure)
		case retired || g.closing:
			sc.end()
		case sc.phase == prepared:
			if wasReady {
				failure = m.died()
			}
			g.retry(sc, why, failure)
		}
		g.relieve(sc)
	}
	if m.current && !retired && !g.closing {
		g.refill(m, why, lived, failure)
	}
}

// failure describes the end of a member.
func (g *group) failure(m *member, exit *worker.Exit, err error) *StartError {
	f := &StartError{Group: g.name, Worker: m.index, Err: err}
	if exit != nil {
		f.Stderr = exit.Stderr
		if err == nil {
			f.Err = errors.New(exit.String())
		}
	}
	return f
}

// conclude ends a succession of the group's own.
func (g *group) conclude(sc *succession) {
	sc.conclude()
	if sc.index < len(g.seats) && g.seats[sc.index].succession == sc {
		g.seats[sc.index].succession = nil
	}
}
