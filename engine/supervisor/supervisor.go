package supervisor

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/event"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/pool"
	"github.com/ldcorn/ldcorn/engine/workdir"
	"github.com/ldcorn/ldcorn/engine/worker"
)

// Errors that callers of a supervisor can test for.
var (
	ErrAllFailed = errors.New("every group has failed")     // returned by Run
	ErrStopped   = errors.New("the supervisor has stopped") // returned by Apply
)

// drainSlack is how much longer than the shutdown timeout the supervisor waits
// for the proxy, which itself cuts off the remaining requests at that timeout.
const drainSlack = 2 * time.Second

// A Publisher starts serving a plan with its pools, which are keyed by group
// name. Only one goroutine at a time calls it.
type Publisher interface {
	Publish(*plan.Plan, map[string]*pool.Pool)
}

// Options configure a Supervisor. The first four are required.
type Options struct {
	Log        *slog.Logger
	ConfigPath string // interpreters are searched for next to it; see worker.FindPython
	Publisher  Publisher
	Runtime    *Runtime
	Output     worker.Output   // of the workers; nil discards their output
	Drained    <-chan struct{} // closed when the proxy has no requests left; nil means do not wait for it
	Events     *event.Stream   // receives what happens; nil means nobody does
	Folder     *workdir.Dir    // where workers without a cwd run; nil means the master's own
	Witness    Witness         // learns of the workers in service; nil means nobody does
	Hurry      <-chan struct{} // closed to kill the workers instead of stopping them; nil means never
	// Watched means that workers are replaced whenever somebody saves a file. A
	// replaced worker has watchedDrain for its requests and websockets, and Run
	// does not end when every group has failed: the next save may repair it.
	Watched bool
}

// Limits while files are watched.
const (
	watchedDrain = time.Second // of drain_timeout and websocket_grace
	// watchedSever is how long Uvicorn has to close its websockets after TERM,
	// before the requests that are left are cut: apps take that as a client that
	// leaves, where Uvicorn would print a traceback for each in the end.
	watchedSever = 300 * time.Millisecond
)

// A Supervisor owns the worker processes of one master.
type Supervisor struct {
	opts    Options
	starter starter // nil until Run, except in tests
	jitter  func(time.Duration) time.Duration
	spread  func() float64         // see group
	usage   func(int) worker.Usage // see group
	meter   *worker.Meter          // behind usage, except in tests

	applies  chan applyRequest
	alarms   chan struct{} // signals that a group has gone down
	beats    chan struct{} // see Answers
	ended    chan struct{} // closed when Run returns
	running  sync.WaitGroup
	born     time.Time
	limits   pool.Limits              // of all groups
	view     atomic.Pointer[view]     // never nil
	activity atomic.Pointer[Activity] // nil if idle; written by Run's goroutine

	// Owned by Run's goroutine.
	life       context.Context // done when Run must return
	plan       *plan.Plan      // in effect; nil before the first apply
	generation int
	groups     map[string]*group
	leaving    map[*group]struct{}       // removed, with workers that are still draining
	restarts   map[string][]api.Restarts // of removed groups, which may come back
}

type applyRequest struct {
	ctx    context.Context
	scaled string // see Activity
	apply  func(context.Context) (Result, error)
	reply  chan<- applyReply
}

type applyReply struct {
	result Result
	err    error
}

// New returns a supervisor without workers. Nothing starts before Run.
func New(opts Options) *Supervisor {
	meter := new(worker.Meter)
	s := &Supervisor{
		opts: opts, jitter: addJitter, spread: rand.Float64, usage: meter.Usage, meter: meter,
		applies: make(chan applyRequest), alarms: make(chan struct{}, 1), beats: make(chan struct{}), ended: make(chan struct{}),
		groups: make(map[string]*group), leaving: make(map[*group]struct{}), restarts: make(map[string][]api.Restarts), born: time.Now(),
	}
	s.show(time.Time{})
	return s
}

// Run serves Apply until ctx is canceled; then it waits for the proxy, stops
// every worker and returns nil. Unless files are watched, it returns
// ErrAllFailed as soon as no group has a worker that runs or will be restarted.
// It may be called only once.
func (s *Supervisor) Run(ctx context.Context) error {
	defer close(s.ended)
	if s.starter == nil {
		defer s.launch()()
	}
	err := s.serve(ctx)
	if err == nil {
		s.awaitProxy()
	}
	s.stopAll()
	return err
}

// launch sets up the launcher of real workers and returns a function that ends
// it. The end of the launcher would kill the workers, so it must come last.
func (s *Supervisor) launch() (stop func()) {
	launcher := worker.NewLauncher()
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { _ = launcher.Run(ctx) }) // returns nil
	s.starter = &uvicorn{
		launcher: launcher, runtime: s.opts.Runtime, output: s.opts.Output,
		configDir: filepath.Dir(s.opts.ConfigPath), log: s.opts.Log, folder: s.opts.Folder, watched: s.opts.Watched, hurry: s.opts.Hurry,
	}
	return func() { cancel(); wg.Wait() }
}

func (s *Supervisor) serve(ctx context.Context) error {
	s.life = ctx
	for {
		select {
		case req := <-s.applies:
			req.reply <- s.applyRequest(ctx, req)
		case <-s.alarms:
			if s.allDown() && !s.opts.Watched {
				return ErrAllFailed
			}
		case <-s.beats:
		case <-ctx.Done():
			return nil
		}
	}
}

// applyRequest runs an apply until it is done, or until the caller or the
// supervisor is told to stop.
func (s *Supervisor) applyRequest(ctx context.Context, req applyRequest) applyReply {
	applyCtx, cancel := context.WithCancelCause(req.ctx)
	defer cancel(nil)
	defer context.AfterFunc(ctx, func() { cancel(ErrStopped) })()
	s.activity.Store(&Activity{Scaled: req.scaled, Since: time.Now()})
	defer s.activity.Store(nil)
	result, err := req.apply(applyCtx)
	return applyReply{result, err}
}

// Apply makes next, or the plan in effect once more if next is nil, the plan in
// effect: it runs the commands that come before, starts the new workers, waits until
// all of them are ready, publishes the plan, and retires old workers in the
// background. If a worker fails to start while others of its group are up or
// may still come up, Apply starts it again. If a start fails for good, Apply
// stops what it started and leaves everything as it was; a StartError names the
// worker at fault. Applies run one after another. Apply is safe to call from
// any goroutine; it waits until Run runs.
func (s *Supervisor) Apply(ctx context.Context, next *plan.Plan, opts ApplyOptions) (Result, error) {
	return s.inTurn(ctx, "", func(ctx context.Context) (Result, error) { return s.apply(ctx, next, opts) })
}

// inTurn makes Run's goroutine run apply after its current work.
func (s *Supervisor) inTurn(ctx context.Context, scaled string, apply func(context.Context) (Result, error)) (Result, error) {
	reply := make(chan applyReply, 1)
	select {
	case s.applies <- applyRequest{ctx, scaled, apply, reply}:
		r := <-reply
		return r.result, r.err
	case <-ctx.Done():
		return Result{}, context.Cause(ctx)
	case <-s.ended:
		return Result{}, ErrStopped
	}
}

// raise makes Run check whether any group is left. It never blocks.
func (s *Supervisor) raise() {
	select {
	case s.alarms <- struct{}{}:
	default: // Run has not looked yet
	}
}

func (s *Supervisor) allDown() bool {
	for _, g := range s.groups {
		if !g.down.Load() {
			return false
		}
	}
	return len(s.groups) > 0
}

// awaitProxy waits while the proxy finishes what clients are waiting for.
func (s *Supervisor) awaitProxy() {
	if s.opts.Drained == nil {
		return
	}
	limit := drainSlack
	if s.plan != nil {
		limit += s.plan.ShutdownTimeout
	}
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-s.opts.Drained:
	case <-s.opts.Hurry:
	case <-timer.C:
		s.opts.Log.Warn("proxy not drained, stopping the workers", "took", limit)
	}
}

// stopAll ends every group and waits for it.
func (s *Supervisor) stopAll() {
	for _, g := range s.groups {
		s.leaving[g] = struct{}{}
	}
	for g := range s.leaving {
		g.do(func() { g.finish(true) })
	}
	s.running.Wait()
}
