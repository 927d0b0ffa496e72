package supervisor

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/event"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/pool"
	"github.com/ldcorn/ldcorn/engine/worker"
)

// A fakeProcess is a worker that a test drives.
type fakeProcess struct {
	spec       *plan.Group
	index, pid int
	generation int
	born       time.Time
	readyAfter time.Duration // negative means never
	stubborn   bool          // ignores SIGTERM
	said       string        // its last line of output
	health     func(ctx context.Context, path string) error

	mu     sync.Mutex // guards health
	once   sync.Once
	exited chan struct{}
	exit   worker.Exit
	asked  time.Time // when it was told to stop
	ready  atomic.Bool
}

func (p *fakeProcess) PID() int                { return p.pid }
func (p *fakeProcess) Socket() string          { return fmt.Sprintf("/run/%d.sock", p.pid) }
func (p *fakeProcess) Uvicorn() worker.Version { return worker.MinVersion }
func (p *fakeProcess) Exited() <-chan struct{} { return p.exited }
func (p *fakeProcess) Stderr() []string        { return []string{"last words"} }
func (p *fakeProcess) LastLine() string        { return p.said }
func (p *fakeProcess) Wait() worker.Exit       { <-p.exited; return p.exit }

func (p *fakeProcess) WaitReady(ctx context.Context) error {
	var after <-chan time.Time
	if p.readyAfter >= 0 {
		after = time.After(p.readyAfter)
	}
	select {
	case <-after:
		p.ready.Store(true)
		return nil
	case <-p.exited:
		return errors.New(p.exit.String())
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Check succeeds unless the test has set another result.
func (p *fakeProcess) Check(ctx context.Context, ask worker.Health) error {
	p.mu.Lock()
	health := p.health
	p.mu.Unlock()
	if health == nil {
		return ctx.Err()
	}
	return health(ctx, ask.Path)
}

// fall sets the result of all health checks from now on.
func (p *fakeProcess) fall(health func(ctx context.Context, path string) error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.health = health
}

// hang is the health check of a blocked event loop.
func hang(ctx context.Context, _ string) error { <-ctx.Done(); return context.Cause(ctx) }

func (p *fakeProcess) Stop(grace time.Duration, hurry <-chan struct{}) worker.Exit {
	p.asked = time.Now()
	if !p.stubborn {
		p.end(worker.Exit{Asked: true})
	}
	select {
	case <-p.exited:
	case <-time.After(grace):
	case <-hurry:
	}
	p.end(worker.Exit{Code: -1, Signal: syscall.SIGKILL, Asked: true, Forced: true})
	return p.exit
}

func (p *fakeProcess) end(e worker.Exit) {
	p.once.Do(func() {
		e.Stderr, e.Ready = p.Stderr(), p.ready.Load()
		p.exit = e
		close(p.exited)
	})
}

// kill ends the process as the kernel does when memory runs out.
func (p *fakeProcess) kill() { p.end(worker.Exit{Code: -1, Signal: syscall.SIGKILL}) }

func (p *fakeProcess) alive() bool {
	select {
	case <-p.exited:
		return false
	default:
		return true
	}
}

// fakes starts fake processes.
type fakes struct {
	mu        sync.Mutex
	all       []*fakeProcess
	prepare   func(*fakeProcess) error // called before each start; may change the process
	discarded int
	rss       map[int]int64               // bytes, by pid
	commands  []string                    // that ran, each as "group: line"
	command   func(context.Context) error // called for each command
}

func (f *fakes) Command(ctx context.Context, c *plan.Command, group *plan.Group) error {
	f.mu.Lock()
	f.commands = append(f.commands, group.Name+": "+c.Line())
	run := f.command
	f.mu.Unlock()
	if run == nil {
		return nil
	}
	return run(ctx)
}

func (f *fakes) Start(_ context.Context, pl *plan.Group, index, generation int) (process, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	p := &fakeProcess{spec: pl, index: index, generation: generation, pid: 1000 + len(f.all), born: time.Now(),
		readyAfter: time.Second, exited: make(chan struct{})}
	if f.prepare != nil {
		if err := f.prepare(p); err != nil {
			return nil, err
		}
	}
	f.all = append(f.all, p)
	return p, nil
}

func (f *fakes) Discard(process) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.discarded++
}

func (f *fakes) Forget() {}

// onStart sets the function that prepares later starts.
func (f *fakes) onStart(prepare func(*fakeProcess) error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.prepare = prepare
}

// alive lists the pids of a group's running processes by index.
func (f *fakes) alive(name string) []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []string
	for _, p := range f.all {
		if p.spec.Name == name && p.alive() {
			out = append(out, fmt.Sprintf("%d:%d", p.index, p.pid))
		}
	}
	return out
}

// grow sets the memory of a process.
func (f *fakes) grow(p *fakeProcess, rss int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.rss == nil {
		f.rss = make(map[int]int64)
	}
	f.rss[p.pid] = rss
}

func (f *fakes) started() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.all)
}

func (f *fakes) last() *fakeProcess {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.all[len(f.all)-1]
}

// published records the plans that were published.
type published struct {
	times int
	plan  *plan.Plan
	pools map[string]*pool.Pool
	check func(*plan.Plan, map[string]*pool.Pool)
}

func (p *published) Publish(pl *plan.Plan, pools map[string]*pool.Pool) {
	p.times, p.plan, p.pools = p.times+1, pl, pools
	if p.check != nil {
		p.check(pl, pools)
	}
}

// A rig is a supervisor over fakes in a synctest bubble of its own.
type rig struct {
	t     testing.TB
	sup   *Supervisor
	fakes *fakes
	pub   *published
	log   *locked
	hurry chan struct{}
	stop  context.CancelFunc
	ended chan error
}

// bubble runs a test in virtual time and checks that no process is left at the
// end.
//
// It runs on one P: the race detector has one context for all the timers of a
// bubble, and dies of SIGSEGV when two threads fire timers at the same time (Go
// 1.26), as two goroutines that receive from time.After(0) do.
func bubble(t *testing.T, f func(t *testing.T, r *rig)) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(context.Background())
		r := &rig{t: t, fakes: new(fakes), pub: new(published), log: new(locked),
			hurry: make(chan struct{}), stop: cancel, ended: make(chan error, 1)}
		r.sup = New(Options{Log: slog.New(slog.NewTextHandler(r.log, nil)), Publisher: r.pub, Hurry: r.hurry, Events: new(event.Stream)})
		r.sup.starter = r.fakes
		r.sup.jitter = func(d time.Duration) time.Duration { return d }
		r.sup.spread = func() float64 { return 0 }
		r.sup.usage = func(pid int) worker.Usage {
			r.fakes.mu.Lock()
			defer r.fakes.mu.Unlock()
			return worker.Usage{RSS: r.fakes.rss[pid], CPU: 1.5}
		}
		go func() { r.ended <- r.sup.Run(ctx) }()
		f(t, r)
		cancel()
		<-r.sup.ended
		for _, p := range r.fakes.all {
			require.False(t, p.alive(), "worker %d of %s is left over", p.index, p.spec.Name)
		}
		require.Equal(t, len(r.fakes.all), r.fakes.discarded)
	})
}

// locked is a log that can be read while it is being written.
type locked struct {
	mu sync.Mutex // guards w
	w  strings.Builder
}

func (l *locked) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.String()
}

func (l *locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}

func (r *rig) apply(p *plan.Plan) (Result, error) {
	return r.sup.Apply(r.t.Context(), p, ApplyOptions{})
}

func (r *rig) mustApply(p *plan.Plan) Result {
	r.t.Helper()
	result, err := r.apply(p)
	require.NoError(r.t, err)
	return result
}

// pass advances virtual time and then lets everything that is due happen.
func pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

// aGroup returns a group with the defaults and some changes.
func aGroup(name string, change ...func(*plan.Group)) *plan.Group {
	p := &plan.Group{
		Name: name, App: "main:app", Instances: 2, ReloadOnSighup: true, LogLevel: "info",
		MaxRestartsOnCrash: 3, RestartBackoffOnCrash: 2 * time.Second, StopTimeout: 10 * time.Second,
		WebsocketGrace: plan.DefaultWebsocketGrace, HealthInterval: plan.DefaultHealthInterval,
		HealthTimeout: plan.DefaultHealthTimeout, UnhealthyAfter: plan.DefaultUnhealthyAfter,
	}
	for _, f := range change {
		f(p)
	}
	return p
}

func instances(n int) func(*plan.Group) { return func(p *plan.Group) { p.Instances = n } }
func kept(p *plan.Group)                { p.ReloadOnSighup = false }

func aPlan(groups ...*plan.Group) *plan.Plan {
	return &plan.Plan{
		Listeners: []plan.Listener{{Bind: plan.Bind{Network: "tcp", Address: "127.0.0.1:0"}}}, Groups: groups,
		StartupTimeout: 30 * time.Second, ShutdownTimeout: 10 * time.Second,
	}
}
