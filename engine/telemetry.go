package engine

import (
	"context"
	"time"

	"github.com/ldcorn/ldcorn/engine/accesslog"
	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/buffer"
	"github.com/ldcorn/ldcorn/engine/control"
	"github.com/ldcorn/ldcorn/engine/event"
	"github.com/ldcorn/ldcorn/engine/history"
	"github.com/ldcorn/ldcorn/engine/hook"
	"github.com/ldcorn/ldcorn/engine/judge"
	"github.com/ldcorn/ldcorn/engine/metrics"
	"github.com/ldcorn/ldcorn/engine/netloop"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/proxy"
	"github.com/ldcorn/ldcorn/engine/ratelimit"
	"github.com/ldcorn/ldcorn/engine/result"
	"github.com/ldcorn/ldcorn/engine/scrape"
	"github.com/ldcorn/ldcorn/engine/static"
	"github.com/ldcorn/ldcorn/engine/stats"
	"github.com/ldcorn/ldcorn/engine/supervisor"
	"github.com/ldcorn/ldcorn/engine/tracing"
)

// telemetry holds what a master counts, the events in it, and the servers that
// tell of them on the admin listener.
type telemetry struct {
	requests stats.Requests
	limits   ratelimit.Limits
	buffers  *buffer.Space
	files    *static.Set
	reloads  metrics.Reloads
	secured  *metrics.TLS
	refused  func() map[string]uint64 // see proxy.Proxy.Refused
	open     func() map[string]int    // see proxy.Proxy.Connections
	tracer   *tracing.Tracer
	events   event.Stream
	tail     accesslog.Tail
	history  *history.History
	judge    judge.Judge
	hits     func() *proxy.AllHits // see proxy.Proxy.Hits
	hooks    *hook.Notifier
	apps     *scrape.Scraper
	access   *accesslog.Log
	waits    func(least time.Duration) []proxy.Wait // see proxy.Proxy.Waits
	inputs   inputFiles
	admins   []*control.Admin // one for each listener that there was
}

// observer returns the observer of requests. Requests are counted even without
// a listener, because the status of the master reports them as well.
func (t *telemetry) observer() result.Observer {
	return result.Observers{&t.requests, t.access, t.tracer, &t.tail, &t.judge}
}

// watchers returns the front.listen of the admin listener, which serves while the
// workers start and until stop is called, after the last one has exited. ctx is
// done when the master begins to stop. reserved reports whether a descriptor is one that is
// kept for other uses than connections.
func (t *telemetry) watchers(ctx context.Context, e *Engine, sup *supervisor.Supervisor, reloads *reloader, server *control.Server, reserved func(fd uintptr) bool) func(*opened) (*service, error) {
	return func(l *opened) (*service, error) {
		registry := metrics.NewRegistry(metrics.Build{Version: e.opts.Version, Revision: e.opts.Commit},
			metrics.NewRequests(&t.requests), &t.reloads, metrics.NewWorkers(sup, t.owing), metrics.NewWorkerRequests(sup.Groups, &t.requests), metrics.NewRateLimits(t.rateLimits), metrics.NewBuffers(t.shownBuffers), metrics.NewConnections(t.open, t.refused), metrics.NewStatics(&t.requests, t.files.Stats), metrics.NewTracing(t.traced), t.secured, metrics.NewHooks(t.hooks.Counts), metrics.NewApps(t.apps.Counts), metrics.NewIncidents(sup.Groups, t.judge.Incidents),
			metrics.NewSettings(func() *plan.Plan { p, _ := sup.InEffect(); return p }), metrics.NewLogs(t.access.Lost), metrics.NewFiles(t.inputs.changed))
		admin := control.StartAdmin(control.AdminOptions{
			Listener: l.Listener, Master: sup, Events: &t.events, History: t.history, Metrics: metrics.Handler(registry, e.log), Apps: t.apps, Reload: reloads.publicState, Limits: t.rateLimits, Buffers: t.shownBuffers,
			Rights: func() control.AdminRights { return adminRights(sup) }, Control: server,
			Counted: &t.requests, Incidents: t.judge.Incidents, Routing: t.routing, Listeners: reloads.fronts.listening, Address: reloads.fronts.administered, Certificates: reloads.fronts.certs.Status,
			Stopping: ctx.Done(), Busy: reloads.procs.widen, Version: e.opts.Version, Log: e.log, Scarce: reserved,
		})
		t.admins = append(t.admins, admin)
		e.log.Info("admin listener open", "addr", address(l))
		return &service{leave: func() {
			admin.Leave()
			e.log.Info("admin listener closed", "addr", address(l))
		}}, nil
	}
}

// adminRights returns what the configuration in effect lets clients of the admin
// listener do.
func adminRights(sup *supervisor.Supervisor) (rights control.AdminRights) {
	if now, _ := sup.InEffect(); now != nil {
		rights.Token, rights.Actions = now.AdminToken.Reveal(), now.AdminActions
	}
	return rights
}

// owing returns for how long workers have not begun to answer a request.
func (t *telemetry) owing() map[metrics.Seat]time.Duration {
	out := make(map[metrics.Seat]time.Duration)
	for _, w := range t.waits(time.Second) {
		out[metrics.Seat{Group: w.Group, Index: w.Worker}] = w.For
	}
	return out
}

// countSlow counts requests of a group that have become slow.
func (t *telemetry) countSlow(group string, n int) {
	t.requests.AddSlow(group, n)
}

// stop ends the servers.
func (t *telemetry) stop() {
	for _, a := range t.admins {
		a.Close()
	}
}

// traced returns what became of the requests that were to have spans, by what the
// metrics call it.
func (t *telemetry) traced() map[string]uint64 {
	c := t.tracer.Counts()
	return map[string]uint64{"sent": c.Sent, "queue_full": c.Full, "failed": c.Failed}
}

// rateLimits returns the rate limits in effect.
func (t *telemetry) rateLimits() []api.RateLimit {
	out, now := []api.RateLimit{}, time.Duration(netloop.Now())
	for _, l := range t.limits.All() {
		st := l.Status(now)
		out = append(out, api.RateLimit{Group: l.Place.Group, Route: l.Place.Route, Limit: l.Setting.String(),
			Refused: st.Refused, Keys: st.Keys, Room: st.Room, Evicted: st.Evicted})
	}
	return out
}

// routing returns the routes in effect, as far as there is room.
func (t *telemetry) routing() api.Routing {
	all := t.hits()
	out := api.Routing{Routes: []api.RouteHits{}, Router: all.Router, None: all.None, More: max(0, len(all.Routes)-api.MaxRoutes)}
	for _, r := range all.Routes[:len(all.Routes)-out.More] {
		out.Routes = append(out.Routes, api.RouteHits(r))
	}
	return out
}

// shownBuffers returns what waits in the buffers.
func (t *telemetry) shownBuffers() api.Buffers {
	st := t.buffers.Stats()
	out := api.Buffers{Memory: st.Memory, MemoryLimit: st.Limits.Memory, Disk: st.Disk, Files: st.Files, NoDisk: st.NoDisk,
		HeldBack: st.Waiting, Spills: st.Spills, Refused: make(map[string]uint64, len(st.Refused))}
	if st.Limits.Disk > 0 && st.Limits.Files > 0 {
		out.DiskLimit, out.FilesLimit, out.Dir = st.Limits.Disk, st.Limits.Files, st.Limits.Dir
	}
	for reason, n := range st.Refused {
		out.Refused[string(reason)] = n
	}
	return out
}
