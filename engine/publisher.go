package engine

import (
	"github.com/ldcorn/ldcorn/engine/decide"
	"github.com/ldcorn/ldcorn/engine/hook"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/pool"
	"github.com/ldcorn/ldcorn/engine/proxy"
	"github.com/ldcorn/ldcorn/engine/ratelimit"
	"github.com/ldcorn/ldcorn/engine/scrape"
	"github.com/ldcorn/ldcorn/engine/stats"
	"github.com/ldcorn/ldcorn/engine/stuck"
	"github.com/ldcorn/ldcorn/engine/tracing"
)

// A publisher compiles what the supervisor publishes into a snapshot for the
// proxy.
type publisher struct {
	proxy    *proxy.Proxy
	requests *stats.Requests
	limits   *ratelimit.Limits
	slow     *stuck.Watcher
	hooks    *hook.Notifier
	tracer   *tracing.Tracer
	apps     *scrape.Scraper
	inputs   *inputFiles
}

func (p publisher) Publish(pl *plan.Plan, pools map[string]*pool.Pool) {
	p.requests.Publish(pools)
	p.hooks.Use(pl)
	p.tracer.Use(pl.Tracing)
	p.apps.Follow(pl)
	p.inputs.follow(pl)
	decider := decide.New(pl, func(name string) proxy.Target { return proxy.Target{Pool: pools[name], Group: pl.Group(name)} })
	p.proxy.Publish(&proxy.Snapshot{Plan: pl, Decider: decider, Limits: p.limits.Publish(pl)})
	p.slow.Follow(pl)
}
