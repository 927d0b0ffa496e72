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

	"github.com/ldcorn/ldcorn/engine/event"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/pool"
	"github.com/ldcorn/ldcorn/engine/workdir"
	"github.com/ldcorn/ldcorn/engine/worker"
)

// The errors of a supervisor that callers tell apart.
var (
	ErrAllFailed = errors.New("every group has failed")   // returned by Run
	ErrStopped   = errors.New("the supervisor has ended") // returned by Apply
)

// drainSlack is what the supervisor waits for the proxy beyond the shutdown
// timeout, in which the proxy itself cuts what is left.
const drainSlack = 2 * time.Second

// A Publisher makes a plan and its pools, by name, the ones that are served.
// It is called by one goroutine at a time.
type Publisher interface {
	Publish(*plan.Plan, map[string]*pool.Pool)
}

// Options are what a Supervisor needs: the first four are required.
type Options struct {
	Log        *slog.Logger
	ConfigPath string // interpreters are looked for beside it, see worker.FindPython
	Publisher  Publisher
	Runtime    *Runtime
	Output     worker.Output   // of the workers; nil discards it
	Drained    <-chan struct{} // closed when the proxy has no request left; nil = never wait for it
	Events     *event.Stream   // of what happens; nil = nobody is told
	Folder     *workdir.Dir    // that workers without cwd run in; nil leaves it to the process
	Hurry      <-chan struct{} // closed to kill the workers instead of stopping them; nil = never
}

// A Supervisor owns the worker processes of one master.
type Supervisor struct {
	opts    Options
	starter starter // nil until Run, but in tests
	jitter  func(time.Duration) time.Duration
	spread  func() float64         // see group
	usage   func(int) worker.Usage // see group

	applies  chan applyRequest
	alarms   chan struct{} // a group has gone down
	ended    chan struct{} // closed when Run has returned
	running  sync.WaitGroup
	born     time.Time
	view     atomic.Pointer[view]     // never nil
	activity atomic.Pointer[Activity] // nil: none; set by Run's goroutine

	// Owned by Run's goroutine.
	life       context.Context // done when Run is to end
	plan       *plan.Plan      // in effect; nil before the first apply
	generation int
	groups     map[string]*group
	leaving    map[*group]struct{} // removed, with workers that still drain
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

// New returns a supervisor without workers. It starts nothing before Run.
func New(opts Options) *Supervisor {
	s := &Supervisor{
		opts: opts, jitter: addJitter, spread: rand.Float64, usage: new(worker.Meter).Usage,
		applies: make(chan applyRequest), alarms: make(chan struct{}, 1), ended: make(chan struct{}),
		groups: make(map[string]*group), leaving: make(map[*group]struct{}), born: time.Now(),
	}
	s.show(time.Time{})
	return s
}

// Run serves Apply until ctx is cancelled; then it waits for the proxy, stops
// every worker and returns nil. It returns ErrAllFailed as soon as no group
// has a worker left that runs or will be started again. It is called once.
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

// launch sets up the starting of real workers, and returns what ends it. The
// launcher's end would kill the workers, so it goes last.
func (s *Supervisor) launch() (stop func()) {
	launcher := worker.NewLauncher()
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { _ = launcher.Run(ctx) }) // returns nil
	s.starter = &uvicorn{
		launcher: launcher, runtime: s.opts.Runtime, output: s.opts.Output,
		configDir: filepath.Dir(s.opts.ConfigPath), log: s.opts.Log, folder: s.opts.Folder,
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
			if s.allDown() {
				return ErrAllFailed
			}
		case <-ctx.Done():
			return nil
		}
	}
}

// applyRequest applies until done, or until the caller or the supervisor is
// told to stop.
func (s *Supervisor) applyRequest(ctx context.Context, req applyRequest) applyReply {
	applyCtx, cancel := context.WithCancelCause(req.ctx)
	defer cancel(nil)
	defer context.AfterFunc(ctx, func() { cancel(ErrStopped) })()
	s.activity.Store(&Activity{Scaled: req.scaled, Since: time.Now()})
	defer s.activity.Store(nil)
	result, err := req.apply(applyCtx)
	return applyReply{result, err}
}

// Apply makes next the plan in effect: it starts what must start, waits until
// all of it is ready, publishes, and retires old workers in the background. A
// worker whose start fails while others of its group are up or may be is
// started again. If anything fails for good, what was started is stopped and
// everything stays as it was; a StartError names the worker that is at fault. Applies run one after
// another. Safe from any goroutine while Run runs; until then it waits.
func (s *Supervisor) Apply(ctx context.Context, next *plan.Plan, opts ApplyOptions) (Result, error) {
	return s.inTurn(ctx, "", func(ctx context.Context) (Result, error) { return s.apply(ctx, next, opts) })
}

// inTurn has Run's goroutine run apply, after what it is at. scaled is as in
// Activity.
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

// raise has Run look whether any group is left. It never blocks.
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

// awaitProxy lets the proxy finish what clients wait for.
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
