package supervisor

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

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
	spec       *plan.Group // as it runs
	generation int
	startup    time.Duration
	seats      []*seat
	restarts   []Restarts           // by index
	members    map[*member]struct{} // all that live, retired ones too
	replacing  *member              // starts, to replace one that is ready; nil if none does
	turns      []func()             // replacements that wait for the end of that one
	emptied    <-chan struct{}      // the queue of a closed pool is empty; nil unless closing
	closing    bool                 // ends with its last member
	living     sync.WaitGroup       // the members' goroutines
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

// spawn makes a member and starts its goroutine. c, if not nil, is the place
// that it takes in a batch.
func (g *group) spawn(t target, index int, delay time.Duration, c *candidate) *member {
	return g.spawnWithin(t, index, delay, 0, c)
}

// spawnWithin is spawn for a start that has only a part of startup_timeout
// left; 0 = all of it.
func (g *group) spawnWithin(t target, index int, delay, left time.Duration, c *candidate) *member {
	m := &member{
		group: g, spec: t.spec, index: index, generation: t.generation, delay: delay, startup: t.startup, left: left,
		spread: g.spread(), cut: make(chan struct{}), over: make(chan struct{}), entered: make(chan struct{}),
		candidate: c, born: time.Now(), since: time.Now(), state: StateStarting, limits: limitsOf(t.spec),
	}
	if delay > 0 {
		m.state = StateBackoff
	}
	m.ctx, m.cancel = context.WithCancelCause(context.Background())
	g.members[m] = struct{}{}
	g.living.Go(m.live)
	return m
}

// move changes a member's state: one log line and one event. e has what the
// event tells beside the state.
func (g *group) move(m *member, to State, e event.Event, attrs ...any) {
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
	m.state, m.since = StateStarting, time.Now()
	if m.candidate != nil {
		m.candidate.begun()
	}
	g.emit(event.Starting, m, event.Event{})
	g.log.Info("worker state changed", "worker", m.index, "pid", proc.PID(), "state", StateStarting, "generation", m.generation)
}

// ready is called when the process accepts connections. One that an apply
// waits for gets requests only once the apply commits.
func (g *group) ready(m *member, w *pool.Worker) {
	m.worker = w
	g.move(m, StateReady, event.Event{})
	if m.candidate != nil {
		m.candidate.batch.tell()
	}
	if m.current {
		g.pool.Swap([]*pool.Worker{m.worker}, nil)
		m.enter()
	}
	if m == g.replacing {
		g.replaced(m)
	}
	if m.current && m.candidate != nil { // in service: nobody waits any more
		m.candidate.batch.end()
		m.candidate = nil
	}
	g.relieve(m)
	if m.ctx.Err() != nil { // retired while it became ready: nothing to drain
		g.pool.Swap(nil, []*pool.Worker{m.worker})
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
	wasReady, lived := m.state == StateReady, time.Since(m.since)
	retired := m.ctx.Err() != nil
	if m.proc != nil {
		g.move(m, StateExited, event.Event{Reason: exit.String()}, "reason", exit.String())
	}
	m.state = StateExited
	failure := g.failure(m, exit, err)
	why := RestartCrash
	if !wasReady {
		why, lived = RestartStart, 0
	}
	switch {
	case m == g.replacing:
		g.notReplaced(m, failure)
	case m.candidate != nil && (retired || g.closing):
		m.candidate.batch.end()
	case m.candidate != nil && !m.current:
		if wasReady {
			failure = m.died()
		}
		g.retry(m, why, failure)
	}
	g.relieve(m)
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

// restart starts another worker in a seat that has lost its own, or gives the
// seat up. c is the place in a batch that the lost worker had, if any: the next
// one takes it, unless nobody waits for that.
func (g *group) restart(why RestartReason, index int, lived time.Duration, failure *StartError, c *candidate) {
	s := g.seats[index]
	if c != nil {
		if _, _, ok := g.again(c, failure); !ok {
			c = nil
		}
	}
	g.count(index, why)
	s.crashed(lived, failure)
	if s.crashes > g.spec.MaxRestartsOnCrash {
		s.failed = true
		g.emitSeat(event.Failed, index, event.Event{Reason: failure.reason(why), Stderr: failure.Stderr})
		g.log.Error("worker failed", append([]any{"worker", index, "state", StateFailed, "crashes", s.crashes}, failure.Attrs()...)...)
		if c != nil {
			c.batch.err = failure
			c.batch.tell()
		}
		g.checkDown()
		return
	}
	delay := g.jitter(restartDelay(g.spec.RestartBackoffOnCrash, s.crashes))
	g.emitCrash(index, why, failure, delay)
	g.log.Warn(why.message(), "worker", index, "crashes", s.crashes, "restart_in", delay.Round(time.Millisecond), "err", failure.Err)
	g.place(g.respawn(index, delay, c))
}

// respawn starts another worker for an index that the group has.
func (g *group) respawn(index int, delay time.Duration, c *candidate) *member {
	m := g.spawn(g.target(index), index, delay, c)
	if c != nil {
		c.member = m
	}
	return m
}

// target is what the worker of an index is to be.
func (g *group) target(index int) target {
	if index < len(g.seats) && g.seats[index].ahead != nil {
		return *g.seats[index].ahead
	}
	return target{spec: g.spec, generation: g.generation, startup: g.startup}
}

// place makes m its seat's worker. Requests wait for it from now on.
func (g *group) place(m *member) {
	m.current = true
	g.seats[m.index].current, g.seats[m.index].failed = m, false
	g.down.Store(false)
	g.pool.SetFailed(false)
}

func (g *group) checkDown() {
	for _, s := range g.seats {
		if !s.failed {
			return
		}
	}
	g.down.Store(true)
	g.pool.SetFailed(true)
	g.alarm()
}
