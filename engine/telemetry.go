package engine

import (
	"context"
	"net"

	"github.com/ldcorn/ldcorn/engine/accesslog"
	"github.com/ldcorn/ldcorn/engine/control"
	"github.com/ldcorn/ldcorn/engine/event"
	"github.com/ldcorn/ldcorn/engine/metrics"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/result"
	"github.com/ldcorn/ldcorn/engine/stats"
	"github.com/ldcorn/ldcorn/engine/supervisor"
)

// telemetry holds what a master counts, the events in it, and the listener that
// serves them.
type telemetry struct {
	requests stats.Requests
	reloads  metrics.Reloads
	events   event.Stream
	listener net.Listener // nil if there is no admin listener
}

// newTelemetry opens the plan's admin address, if there is one. The caller must
// close the telemetry.
func newTelemetry(admin plan.Bind) (*telemetry, error) {
	t := new(telemetry)
	if admin.IsZero() {
		return t, nil
	}
	var err error
	t.listener, err = listen("admin", admin, socketFile{})
	return t, err
}

// observer returns the observer of requests. Requests are counted even without
// a listener, because the status of the master reports them as well.
func (t *telemetry) observer(access *accesslog.Log) result.Observer {
	return result.Observers{&t.requests, access}
}

// start serves on the listener until the returned function is called: while the
// workers start, and until the last one has exited. ctx is done when the master
// begins to stop.
func (t *telemetry) start(ctx context.Context, e *Engine, sup *supervisor.Supervisor, reloads *reloader) (stop func()) {
	if t.listener == nil {
		return func() {}
	}
	registry := metrics.NewRegistry(metrics.Build{Version: e.opts.Version, Revision: e.opts.Commit},
		metrics.NewRequests(&t.requests), &t.reloads, metrics.NewWorkers(sup))
	admin := control.StartAdmin(control.AdminOptions{
		Listener: t.listener, Master: sup, Events: &t.events, Metrics: metrics.Handler(registry, e.log), Reload: reloads.publicState,
		Stopping: ctx.Done(), Busy: reloads.procs.widen, Version: e.opts.Version, Log: e.log,
	})
	e.log.Info("admin listener open", "addr", address(t.listener))
	return admin.Close
}

// close closes the listener, unless the function that start returned did.
func (t *telemetry) close() {
	if t.listener != nil {
		t.listener.Close()
	}
}
