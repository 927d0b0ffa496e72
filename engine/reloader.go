package engine

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync/atomic"
	"time"

	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/certs"
	"github.com/ldcorn/ldcorn/engine/event"
	"github.com/ldcorn/ldcorn/engine/metrics"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/prepare"
	"github.com/ldcorn/ldcorn/engine/supervisor"
	"github.com/ldcorn/ldcorn/engine/workdir"
)

// A reloader is the actor that applies plans: the first one, then a newly read
// one whenever it is triggered or asked to. A trigger during a reload causes
// one more reload after it.
type reloader struct {
	load    func(context.Context, map[string]string) (*plan.Plan, []api.PlanWarning, error)
	set     setter
	explain func(error) string // returns the text for users
	sup     *supervisor.Supervisor
	log     *slog.Logger
	access  *accessSwitch
	fronts  *fronts
	stats   *metrics.Reloads
	events  *event.Stream
	procs   *procs
	folder  *workdir.Dir // where workers without a cwd run
	trigger <-chan struct{}
	ready   chan struct{} // closed once the first plan is applied
	last    atomic.Pointer[api.Reload]
	begun   atomic.Pointer[time.Time] // start of the reload in progress; nil if there is none
	queue   *reloadQueue
	kept    []*certs.Error // of the latest plan: certificates that could not be read again
	remarks []string       // of the latest plan, see certs.Next.Remarks
	files   *watching      // nil unless files are watched
	level   *logLevel
	told    *standing // for the service manager
	// stop is done once the master was told to stop. There are no reloads from then on.
	stop context.Context
}

// ask requests a reload after those requested before. It is a control.Reloader.
func (r *reloader) ask(ctx context.Context, want api.ReloadRequest, tell func(api.ReloadStep)) {
	if what, since := r.busy(); what != "" {
		tell(api.ReloadStep{Kind: api.StepWaiting, Reason: what, For: time.Since(since).Seconds()})
	}
	r.queue.add(&job{ctx: ctx, want: want, tell: tell})
}

// Run blocks until ctx is canceled. It fails if the first plan does.
func (r *reloader) Run(ctx context.Context, first *plan.Plan) error {
	result, err := r.start(ctx, first)
	if err != nil {
		if ctx.Err() != nil || errors.Is(err, supervisor.ErrStopped) {
			return nil // told to stop while starting
		}
		return err
	}
	r.stats.Started(time.Now())
	r.log.Info("ready", "generation", result.Generation, "groups", len(result.Plan.Groups), "took", result.Took.Round(time.Millisecond))
	r.events.Emit(api.Event{Kind: api.EventReady, Generation: result.Generation, Took: result.Took.Seconds()})
	close(r.ready)
	reloads, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(r.stop, cancel)()
	for reloads.Err() == nil {
		select {
		case <-r.trigger:
			r.queue.add(signaled())
		case <-r.files.saves(): // work takes them
		case <-r.queue.more:
		case <-reloads.Done():
		}
		r.work(reloads)
	}
	r.refuse(ctx)
	return nil
}

// refuse refuses requests for reloads until ctx is done.
func (r *reloader) refuse(ctx context.Context) {
	for ctx.Err() == nil {
		for j, _ := r.queue.take(); j != nil; j, _ = r.queue.take() {
			j.tell(stepStopping)
		}
		select {
		case <-r.queue.more:
		case <-ctx.Done():
		}
	}
}

// stepStopping is the answer to a request for a reload that does not take place,
// because the master was told to stop.
var stepStopping = api.ReloadStep{Kind: api.StepFailed, Error: "the master is stopping"}

// signaled returns a job for a signal, whose result nobody waits for.
func signaled() *job {
	return &job{ctx: context.Background(), tell: func(api.ReloadStep) {}}
}

// work carries out the requested reloads until none is left.
func (r *reloader) work(ctx context.Context) {
	for ctx.Err() == nil {
		select {
		case <-r.trigger: // shares a reload if it can
			r.queue.add(signaled())
		default:
		}
		if s := r.files.take(); s != nil {
			r.queue.add(&job{ctx: context.Background(), tell: func(api.ReloadStep) {}, saved: s})
		}
		j, dropped := r.queue.take()
		if dropped > 0 {
			r.log.Info("reload requests dropped", "requests", dropped, "reason", "their clients no longer wait")
		}
		if j == nil {
			return
		}
		j.tell(api.ReloadStep{Kind: api.StepBegun})
		r.reload(ctx, j)
	}
}

// apply makes the supervisor apply a plan, and switches the listeners and the
// access log, whose changes by ldcorn access-log it keeps if keep is set. What cannot be
// opened is found out before anything is started.
func (r *reloader) apply(ctx context.Context, p *plan.Plan, keep bool, opts supervisor.ApplyOptions) (supervisor.Result, error) {
	if err := prepare.CheckAll(p); err != nil {
		return supervisor.Result{}, err
	}
	now, _ := r.sup.InEffect()
	opts.Diff.Missing = r.fronts.passed.missing
	moves, err := r.fronts.prepare(p.Reachable(now, opts.Diff.Missing))
	if err != nil {
		return supervisor.Result{}, err
	}
	r.kept = moves.certs.Kept()
	target, err := r.access.open(p, keep)
	if err != nil {
		moves.giveBack()
		return supervisor.Result{}, err
	}
	result, err := r.sup.Apply(ctx, p, opts)
	if err != nil {
		moves.giveBack()
		return result, errors.Join(err, target.Close())
	}
	r.access.use(target)
	if err := moves.take(); err != nil {
		r.log.Error("the plan is in effect, but not where the master listens", "err", err)
	}
	r.remarks = moves.certs.Remarks()
	return result, nil
}

// reload applies the latest configuration, or keeps everything and says why.
func (r *reloader) reload(ctx context.Context, j *job) {
	var err error
	r.told.manager.Reloading("reloading")
	defer func() { r.told.reloaded(err) }()
	begun := time.Now()
	r.begun.Store(&begun)
	defer r.begun.Store(nil)
	defer r.procs.widen()()
	r.log.Info("reload started", r.files.attrs(j.saved)...)
	r.events.Emit(api.Event{Kind: api.EventReloading})
	var report *api.Plan
	var result supervisor.Result
	report, result, err = r.bring(ctx, j)
	if err != nil {
		r.failed(ctx, err, begun, j)
		return
	}
	r.last.Store(&api.Reload{At: time.Now(), Took: time.Since(begun).Seconds()})
	r.stats.Applied(time.Now())
	if j.saved == nil { // whoever edits the files keeps the level
		r.level.reset("reload")
	}
	r.warnLeft(result.Changes)
	r.log.Info("reload applied", "generation", result.Generation, "took", since(begun))
	r.events.Emit(api.Event{Kind: api.EventReloaded, Generation: result.Generation, Took: time.Since(begun).Seconds()})
	j.tell(api.ReloadStep{Kind: api.StepApplied, Generation: result.Generation, Report: report, Kept: keptTexts(r.kept), Certificates: r.remarks})
}

// loadAndApply applies the latest configuration as the job requests.
func (r *reloader) loadAndApply(ctx context.Context, j *job) (*api.Plan, supervisor.Result, error) {
	var none supervisor.Result
	set := r.set.after(j.want.ArgSettings)
	if j.want.Plan != nil {
		set = j.want.Plan.Set
	}
	next, warnings, err := r.read(ctx, set)
	if err != nil {
		return nil, none, err
	}
	j.tell(api.ReloadStep{Kind: api.StepRead, Warnings: warnings})
	applied := false
	defer func(done func(stay bool)) { done(applied) }(r.folder.Enter())
	opts := plan.ReplaceOptions(j.want.Replace, j.want.All)
	if j.want.Plan != nil {
		opts = plan.ReplaceOptions(j.want.Plan.Replace, j.want.Plan.All)
	}
	if j.saved != nil {
		opts = r.files.options(j.saved, next)
	}
	if err := known(next, opts); err != nil {
		return nil, none, refusal{err}
	}
	var report *api.Plan // of what is applied, even if something else changed since the configuration was read
	check := func(now *plan.Plan, generation int, changes *plan.Changes) error {
		report = plan.NewReport(baseOf(r.sup, now, generation), next, *changes, opts)
		if j.want.Plan != nil && !report.SameAs(j.want.Plan) {
			return refusal{errStalePlan}
		}
		if j.saved != nil {
			r.announce(changes)
		}
		return nil
	}
	if a := r.sup.Activity(); a != nil && a.Scaled != "" {
		j.tell(api.ReloadStep{Kind: api.StepWaiting, Reason: "the scaling of " + a.Scaled, For: time.Since(a.Since).Seconds()})
	}
	result, err := r.apply(ctx, next, j.saved != nil, supervisor.ApplyOptions{Diff: opts, Check: check, Progress: func(p supervisor.Progress) {
		step := api.ReloadStep{Kind: api.ReloadStepKind(p.Step), Group: p.Group, Workers: p.Workers, Ready: p.Ready,
			Requests: p.Requests, Websockets: p.Websockets, Reason: p.Reason, Ended: p.Ended}
		if p.Step == supervisor.StepUnready {
			step.Worker = &p.Worker
		}
		j.tell(step)
	}})
	applied = err == nil
	return report, result, err
}

// warnLeft logs what the reload could not apply.
func (r *reloader) warnLeft(changes plan.Changes) {
	for _, c := range changes.Groups {
		if len(c.Pinned) > 0 {
			r.log.Warn("group pinned", "group", c.Name, "changes", joined(c.Pinned),
				"reason", "reload_on_sighup=False keeps its workers as they were started")
		}
	}
	for i := range changes.Listeners {
		if c := &changes.Listeners[i]; c.NeedsRestart() {
			r.log.Warn("listener left as it is", "addr", c.Name, "change", c.Action, "reason", c.Reason+": "+plan.RestartAdvice)
		}
	}
	if len(changes.Restart) > 0 {
		r.log.Warn("change not applied", "changes", joined(changes.Restart),
			"reason", "neither a reload nor ldcorn restart applies it: "+plan.RestartAdvice)
	}
}

func joined(changes []plan.AttributeChange) string {
	out := make([]string, len(changes))
	for i, c := range changes {
		out[i] = c.String()
	}
	return strings.Join(out, ", ")
}
