// Package engine joins the actors of a master, which are the supervisor, the
// proxy and the signals, into one run group. It is given a function that reads
// the configuration, and knows nothing about the language that it is written
// in.
//
// docs/architecture.md shows how the packages work together.
package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"syscall"
	"time"

	"github.com/oklog/run"

	"github.com/ldcorn/ldcorn/engine/accesslog"
	"github.com/ldcorn/ldcorn/engine/acme"
	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/control"
	"github.com/ldcorn/ldcorn/engine/faultlog"
	"github.com/ldcorn/ldcorn/engine/history"
	"github.com/ldcorn/ldcorn/engine/hook"
	"github.com/ldcorn/ldcorn/engine/logbook"
	"github.com/ldcorn/ldcorn/engine/metrics"
	"github.com/ldcorn/ldcorn/engine/notify"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/proc"
	"github.com/ldcorn/ldcorn/engine/proxy"
	"github.com/ldcorn/ldcorn/engine/result"
	"github.com/ldcorn/ldcorn/engine/scrape"
	"github.com/ldcorn/ldcorn/engine/stuck"
	"github.com/ldcorn/ldcorn/engine/supervisor"
	"github.com/ldcorn/ldcorn/engine/tracing"
	"github.com/ldcorn/ldcorn/engine/workdir"
)

// lastEvents is how long the hooks have for the events that are left when the master has
// stopped.
const lastEvents = 5 * time.Second

// An Engine is one master.
type Engine struct {
	opts    Options
	log     *slog.Logger
	manager *notify.Manager
}

// New returns an engine. It starts nothing.
func New(opts Options) *Engine {
	if opts.Explain == nil {
		opts.Explain = error.Error
	}
	if opts.EndOrphans == nil {
		opts.EndOrphans = func(<-chan struct{}) {}
	}
	if opts.Starting == nil {
		opts.Starting = func(*plan.Plan, []net.Addr) {}
	}
	if opts.Installed == nil {
		opts.Installed = func() *api.Installed { return nil }
	}
	if opts.Serving == nil {
		opts.Serving = func() {}
	}
	if opts.Logs == nil {
		opts.Logs = new(logbook.Book)
	}
	return &Engine{opts: opts, log: opts.Log, manager: notify.New()}
}

// Run reads the configuration, starts the workers, serves once all of them are
// ready, and blocks until TERM, INT or QUIT, which is success, or until it
// fails. It takes over the process's TERM, INT, QUIT, HUP, USR1, USR2 and PIPE
// signals, which have no effect after it has returned. By then no workers or
// sockets are left.
func (e *Engine) Run(ctx context.Context) error {
	e.manager.Status("reading the configuration")
	err := e.run(ctx)
	if err != nil {
		e.manager.Failed(err.Error(), err)
	}
	return err
}

func (e *Engine) run(ctx context.Context) error {
	e.manager.Extend(extendBy) // the manager hears again while workers start
	folder := workdir.New()
	proc.KeepPorts()
	sig := catchSignals(e.log)
	defer sig.release()
	ctx, cancel := sig.stopContext(ctx)
	defer cancel()

	files := newWatching(&e.opts)
	if files != nil {
		defer background(files.run)()
	}
	first, err := e.firstPlan(ctx, files)
	switch {
	case errors.Is(context.Cause(ctx), errStop):
		return nil
	case err != nil:
		return err
	}
	runtime, err := supervisor.OpenRuntime(e.opts.ConfigPath, e.log)
	if err != nil {
		return err
	}
	defer func() {
		if err := runtime.Close(); err != nil {
			e.log.Warn("runtime directory not removed", "err", err)
		}
	}()
	tell := new(telemetry)
	issued := e.newIssued(tell)
	defer background(func(ctx context.Context) { _ = issued.Run(ctx) })() // returns nil
	keeper := newKeeper(e.log, tell, issued)
	tell.secured = metrics.NewTLS(keeper.Status)
	defer background(func(ctx context.Context) { _ = keeper.Run(ctx) })() // returns nil
	fronts, err := openFronts(first, takePassed(), keeper)
	if err != nil {
		return err
	}
	defer fronts.close()
	attrs := []any{"version", e.opts.Version, "pid", os.Getpid(), "config", e.opts.ConfigPath, "runtime", runtime.Dir(), "open_files", openFiles()}
	if len(e.opts.Set) > 0 {
		attrs = append(attrs, "set", api.ArgSettings{Set: e.opts.Set}.String())
	}
	e.log.Info("starting", attrs...)
	e.opts.Starting(first, fronts.addrs())
	err = e.runGroup(ctx, first, runtime, fronts, tell, issued, sig, folder, files)
	if errors.Is(err, errStop) {
		e.log.Info("stopped")
		return nil
	}
	return err
}

// runGroup runs the actors until one returns, and then until all have returned.
// Their order does not determine the order of shutdown: the supervisor waits
// for the proxy.
func (e *Engine) runGroup(ctx context.Context, first *plan.Plan, runtime *supervisor.Runtime, fronts *fronts, tell *telemetry,
	issued *acme.Manager, sig *signals, folder *workdir.Dir, files *watching) error {
	access := accesslog.New(accesslog.Options{Log: e.log, Stdout: cmp.Or(e.opts.Stdout, io.Discard), Terminal: e.opts.Requests})
	tell.access = access
	faults := faultlog.New(e.log)
	tell.tracer = tracing.New(e.log)
	defer tell.tracer.Close()
	var px *proxy.Proxy
	var sup *supervisor.Supervisor
	slow := stuck.New(stuck.Options{Log: e.log, Events: &tell.events, Output: e.opts.Output, Count: tell.countSlow,
		Ready: func(group string) (pid, index int) { return readyWorker(sup.Status().Groups, group) },
		Slow:  func(limits map[string]time.Duration, few int) []proxy.SlowWorker { return px.Slow(limits, few) }})
	px, err := proxy.New(proxy.Options{Log: e.log, Driver: e.opts.Driver, Challenge: issued.HTTPAnswer, Handler: speakHTTP2(e.log), SlowEnded: slow.Ended,
		Observer: result.Observers{faults, tell.observer()}})
	if err != nil {
		return err
	}
	tell.buffers, tell.files, tell.refused, tell.waits = px.Buffers(), px.Files(), px.Refused, px.Waits
	tell.hits, tell.open = px.Hits, px.Connections
	tell.hooks = hook.New(hook.Options{Events: &tell.events, Log: e.log, Config: e.opts.ConfigPath, Version: e.opts.Version, Output: e.opts.Output})
	tell.hooks.Use(first)
	defer tell.hooks.Close(0, nil) // if anything fails before the actors run
	tell.apps = scrape.New(scrape.Options{Log: e.log})
	sup = supervisor.New(supervisor.Options{
		Log: e.log, ConfigPath: e.opts.ConfigPath, Publisher: publisher{px, &tell.requests, &tell.limits, slow, tell.hooks, tell.tracer, tell.apps, &tell.inputs}, Runtime: runtime,
		Output: e.opts.Output, Drained: px.Drained(), Hurry: sig.hurry, Folder: folder, Events: &tell.events, Watched: files != nil, Witness: tell.apps,
	})
	set := setter{e.opts.Set, sup}
	logged := &accessSwitch{access: access, answers: px.LogAnswers, log: e.log, events: &tell.events}
	level := newLogLevel(e.opts.LogLevel, e.log, &tell.events)
	reloads := &reloader{load: e.opts.Load, set: set, explain: e.opts.Explain, sup: sup, queue: newReloadQueue(), log: e.log, trigger: sig.reload, ready: make(chan struct{}), fronts: fronts,
		access: logged, stats: &tell.reloads, events: &tell.events, procs: newProcs(px.Procs()), folder: folder, files: files, level: level}

	secure := newSecured(fronts.certs, reloads.procs, px, tell.secured.Observe, e.log)
	defer secure.handshakes.Wait()
	if err := fronts.begin(clientsOf(px, secure, e.log, reloads.serving)); err != nil {
		return err
	}
	tell.buffers.WhileBusy(reloads.procs.widen)
	tell.files.WhileBusy(reloads.procs.widen)

	tell.history = history.New(history.Options{Supervisor: sup, Counted: &tell.requests, Started: sup.Started(), Busy: reloads.procs.widen})
	defer background(tell.history.Run)()
	defer background(func(ctx context.Context) { tell.judge.Run(ctx, judging(tell, px, sup, e.log)) })()

	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	reloads.stop = ctx
	sig.delay.use(reloads.delay)
	told := &standing{manager: e.manager, log: e.log, sup: sup, px: px, reloads: reloads, incidents: tell.judge.Incidents}
	reloads.told = told
	leave := &departure{engine: e, events: &tell.events, told: told, delay: sig.delay, depart: px.Depart, left: func() (int, time.Duration) { return left(px) }}
	told.leave = leave
	// This is not an actor: it answers until all actors have returned, to show
	// what a stop is waiting for.
	socket := &controlSocket{wanted: first.ControlSocket}
	commandLine, err := socket.listen(runtime.Dir())
	if err != nil {
		return err
	}
	socket.server = control.Start(control.Options{
		Listener: commandLine, Master: sup, Counted: &tell.requests, RateLimits: tell.rateLimits, Buffers: tell.shownBuffers, Reload: reloads.state,
		Listeners: fronts.listening, Admin: fronts.administered, Certificates: fronts.certs.Status,
		Requests: func(want control.RequestsWanted) *api.Requests { return inHand(px, want) }, Incidents: tell.judge.Incidents, Routing: tell.routing,
		Plan:    previewer{e.opts.Preview, set, sup, fronts.passed.missing, leave.stopping}.preview,
		Args:    func() (*api.Args, error) { return argsInEffect(sup) },
		Explain: explainer{sup, px.Holder}.explain,
		Reloads: reloads.ask, Busy: reloads.procs.widen,
		Logs: e.opts.Logs, LostLines: e.opts.LostLines, Events: &tell.events, Tail: &tell.tail, History: tell.history,
		Stop: func(now bool) {
			cancel(fmt.Errorf("%w: ldcorn stop", errStop))
			if now {
				sig.delay.cut()
			}
		},
		Stopping: leave.stopping, Installed: e.opts.Installed,
		LogLevel: level.now, SetLogLevel: level.set, TemporaryLevel: level.temporary, AccessLog: logged,
		Version: e.opts.Version, Log: e.log,
	})
	defer socket.server.Close()
	runtime.Keep(socket.keep)
	defer background(runtime.Watch)()
	defer tell.stop()
	if err := fronts.beginAdmin(tell.watchers(ctx, e, sup, reloads, socket.server, px.Reserved)); err != nil {
		return err
	}
	// These are not actors, either: they write until nobody logs any more.
	defer background(access.Run)()
	defer background(func(ctx context.Context) { access.ReopenOn(ctx, sig.reopen) })()
	defer background(faults.Run)()
	defer background(slow.Run)()
	defer background(tell.apps.Run)()
	defer background(told.keep)()
	defer background(told.guard)()

	var group run.Group
	{ // signals: returns after TERM, INT, QUIT or ldcorn stop, which ends the program
		delayed, end := context.WithCancel(context.Background())
		group.Add(func() error { return leave.await(delayed, ctx) }, func(err error) { cancel(err); end() })
	}
	{ // supervisor: owns the workers
		ctx, cancel := context.WithCancel(context.Background())
		group.Add(func() error { return sup.Run(ctx) }, func(error) { cancel() })
	}
	{ // reloads: the first plan, then one for each HUP
		ctx, cancel := context.WithCancel(context.Background())
		group.Add(func() error { return reloads.Run(ctx, first) }, func(error) { cancel() })
	}
	{ // proxy: serves once the first plan is ready
		ctx, cancel := context.WithCancel(context.Background())
		group.Add(func() error {
			return e.serve(ctx, px, reloads, sig.hurry)
		}, func(error) { cancel() })
	}
	err = group.Run()
	tell.events.Emit(api.Event{Kind: api.EventStopped})
	tell.hooks.Close(lastEvents, sig.hurry) // before what they run counts as left behind
	e.opts.EndOrphans(sig.hurry)
	return err
}

// readyWorker returns a worker of a group that gets requests, or a pid of 0.
func readyWorker(groups []api.GroupStatus, name string) (pid, index int) {
	for i := range groups {
		for k := range groups[i].Workers {
			if w := &groups[i].Workers[k]; groups[i].Name == name && w.State == api.StateReady && !w.New {
				return w.PID, w.Index
			}
		}
	}
	return 0, 0
}

// left returns how many requests a proxy still has when it is told to stop, and for how
// long they can go on.
func left(px *proxy.Proxy) (requests int, limit time.Duration) {
	if now := px.Snapshot(); now != nil {
		limit = now.Plan.ShutdownTimeout
	}
	return px.InHand(proxy.HandQuery{}).Total, limit
}

// serve runs the proxy once the workers are ready. A second TERM cuts off the
// requests that the proxy is still finishing.
func (e *Engine) serve(ctx context.Context, px *proxy.Proxy, reloads *reloader, hurry <-chan struct{}) error {
	select {
	case <-reloads.ready:
	case <-ctx.Done():
		px.Close()
		return nil
	}
	if err := px.CheckRoom(); err != nil {
		px.Close()
		return err
	}
	done := make(chan struct{})
	aborter := make(chan struct{})
	go func() {
		defer close(aborter)
		select {
		case <-hurry:
			px.Abort()
		case <-done:
		}
	}()
	defer func() { close(done); <-aborter }()
	for _, l := range reloads.fronts.listening() {
		e.log.Info("listening", "addr", l.Address, "driver", px.Driver())
	}
	e.opts.Serving()
	e.manager.Ready(reloads.told.text(), nil)
	reloads.procs.narrow()
	defer func() { reloads.procs.widen() }() // for good: the remaining work is not that of the loops
	if err := px.Run(ctx); err != nil {
		return fmt.Errorf("proxy: %w", err)
	}
	return nil
}

// background runs f until the returned function is called, which waits for f.
func background(f func(context.Context)) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		f(ctx)
	}()
	return func() {
		cancel()
		<-done
	}
}

// address returns the listener's address as bind would have it.
func address(l net.Listener) string {
	if a := l.Addr(); a.Network() == "unix" {
		return "unix:" + a.String()
	}
	return l.Addr().String()
}

// openFiles returns the limit of open files. The Go runtime has raised it to
// the hard limit at the start of the process, and gives workers the original
// limit.
func openFiles() uint64 {
	var lim syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &lim); err != nil {
		return 0
	}
	return lim.Cur
}

// since returns the time since t in milliseconds, which are enough for the log.
func since(t time.Time) time.Duration { return time.Since(t).Round(time.Millisecond) }
