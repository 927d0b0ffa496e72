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
	"github.com/ldcorn/ldcorn/engine/visible"
	"github.com/ldcorn/ldcorn/engine/worker"
)

// A group is one worker group at run time. Its goroutine, run, owns all fields
// below the line; other goroutines send it functions to run.
type group struct {
	name    string
	log     *slog.Logger // with the group's name
	starter starter
	jitter  func(time.Duration) time.Duration
	spread  func() float64         // returns a value in [0, 1) that sets a worker apart from the others
	usage   func(int) worker.Usage // returns what the worker with a pid uses
	hurry   <-chan struct{}        // closed to kill workers instead of stopping them
	pool    *pool.Pool
	events  *event.Stream
	watched bool // see Options
	witness Witness

	settings atomic.Pointer[settings] // written by run's goroutine, read by the watchers of workers

	inbox chan func()
	done  chan struct{} // closed when run returns
	down  atomic.Bool   // every worker has failed
	alarm func()        // called when down becomes true; must not block

	// ----
	target            // in effect
	pinned   []string // arguments whose changes wait until the workers are replaced
	seats    []*seat
	restarts []api.Restarts       // by index
	members  map[*member]struct{} // all running members, including retired ones
	waiting  []*renewal           // waiting for a replacement to end
	emptied  <-chan struct{}      // closed when the queue of a closed pool is empty; nil unless closing
	overload overloads            // what was told of them
	closing  bool                 // the group ends when its last member does
	living   sync.WaitGroup       // the members' goroutines
}

func (s *Supervisor) newGroup(spec *plan.Group) *group {
	g := &group{
		name: spec.Name, log: s.opts.Log.With("group", spec.Name), starter: s.starter, jitter: s.jitter,
		spread: s.spread, usage: s.usage, hurry: s.opts.Hurry, watched: s.opts.Watched, witness: s.opts.Witness, pool: pool.NewWith(spec, &s.limits), events: s.opts.Events, alarm: s.raise,
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
		case <-g.pool.Overloads():
			g.tellOverload()
		case <-g.overload.look:
			g.tellOverload()
		}
	}
}

// post makes the group's goroutine run f. Only members may call it: the
// goroutine lives as long as any member.
func (g *group) post(f func()) { g.inbox <- f }

// do is post for callers that are not members: it waits until f has run, and
// does nothing if the group has ended.
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

// spawn creates the next worker of a succession and starts its goroutine. left
// is what remains of startup_timeout; 0 means all of it.
func (g *group) spawn(sc *succession, delay, left time.Duration) *member {
	t := sc.target
	m := &member{
		group: g, spec: t.spec, index: sc.index, generation: t.generation, delay: delay, startup: t.startup, left: left,
		spread: g.spread(), cut: make(chan struct{}), over: make(chan struct{}), entered: make(chan struct{}),
		succession: sc, born: time.Now(), since: time.Now(), state: api.StateStarting, limits: g.limitsOf(t.spec),
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

// move changes a member's state and reports it in one log line and one event. e
// holds what the event says beyond the state.
func (g *group) move(m *member, to api.WorkerState, e api.Event, attrs ...any) {
	was := m.state
	took := time.Since(m.since).Round(time.Millisecond)
	m.state, m.since = to, time.Now()
	e.Took, e.Was = took.Seconds(), was
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

// started is called when the process has been created.
func (g *group) started(m *member, proc process) {
	m.proc = proc
	m.state, m.since = api.StateStarting, time.Now()
	m.succession.begun()
	g.emit(api.EventStarting, m, api.Event{})
	g.log.Info("worker state changed", "worker", m.index, "pid", proc.PID(), "state", api.StateStarting, "generation", m.generation)
}

// ready is called when the process accepts connections. A worker that an apply
// is waiting for receives requests only after the apply commits.
func (g *group) ready(m *member, w *pool.Worker) {
	m.worker = w
	g.move(m, api.StateReady, api.Event{})
	sc := m.succession
	sc.trouble, sc.ended = "", false
	sc.tell()
	switch {
	case m.current:
		g.pool.Swap([]*pool.Worker{m.worker}, nil)
		m.enter()
		g.conclude(sc)
	case sc.phase == beside:
		g.replaced(sc)
	}
	if m.current { // in service, so nobody is waiting any more
		sc.end()
		m.succession = nil
	}
	g.relieve(sc)
	if m.ctx.Err() != nil { // retired while it was becoming ready: nothing to drain
		g.pool.Swap(nil, []*pool.Worker{m.worker})
	}
}

// troubled is called when a starting member has failed a health check.
func (g *group) troubled(m *member, reason string) {
	if sc := m.succession; sc != nil && sc.next == m {
		sc.trouble, sc.ended = visible.FirstLine(reason), false
		sc.tell()
	}
}

// exited is called when a process that was ready has exited, on its own or
// because it was told to. No request may be sent to it from now on, and the
// requests that it had in hand are over, no matter who still holds its sockets.
func (g *group) exited(m *member) {
	g.pool.Swap(nil, []*pool.Worker{m.worker})
	m.worker.Ended()
}

// ended is called last: the process is gone, or was never created. err says why
// it did not become ready; it is nil if the worker did become ready.
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

// failure returns the error that describes the end of a member.
func (g *group) failure(m *member, exit *worker.Exit, err error) *StartError {
	f := &StartError{Group: g.name, Worker: m.index}
	f.Hint, f.Err = worker.Advice(err)
	if exit != nil {
		f.Stderr = exit.Stderr
		if err == nil {
			f.Err = errors.New(exit.String())
		}
	}
	if errors.Is(err, errNeverOpened) {
		f.addLine(m.proc.LastLine())
	}
	return f
}

// conclude ends a succession that belongs to a seat of the group.
func (g *group) conclude(sc *succession) {
	sc.conclude()
	if sc.index < len(g.seats) && g.seats[sc.index].succession == sc {
		g.seats[sc.index].succession = nil
	}
}
