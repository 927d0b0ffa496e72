package metrics

import (
	"slices"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/ldcorn/ldcorn/engine/decide"
	"github.com/ldcorn/ldcorn/engine/pool"
	"github.com/ldcorn/ldcorn/engine/result"
)

// Requests counts what the proxy has dealt with, by group, and collects that
// for Prometheus with what is under way. The zero Requests knows no group, and
// is ready for use. Its methods are safe from any goroutine, but Publish from
// one at a time.
type Requests struct {
	unrouted faults
	routed   [len(routedWords)]atomic.Uint64

	groups atomic.Pointer[map[*pool.Pool]account] // never changed, but replaced
}

// An account is what is counted of one group.
type account struct {
	group  string
	ledger *ledger
}

// accounts returns those of the groups that were published last.
func (q *Requests) accounts() map[*pool.Pool]account {
	if groups := q.groups.Load(); groups != nil {
		return *groups
	}
	return nil
}

// Publish makes the groups the ones that are told of. It must come before the
// proxy sends them requests: those of a pool that is not published do not
// count. A pool that was published before counts on. The map is not kept.
func (q *Requests) Publish(pools map[string]*pool.Pool) {
	before := q.accounts()
	groups := make(map[*pool.Pool]account, len(pools))
	for name, p := range pools {
		a, known := before[p]
		if !known {
			a = account{name, new(ledger)}
		}
		groups[p] = a
	}
	q.groups.Store(&groups)
}

// Observe counts a request. It takes no lock and allocates nothing.
func (q *Requests) Observe(r *result.Result) {
	if i := slices.Index(routedWords[:], r.Router); i >= 0 {
		q.routed[i].Add(1)
	}
	if r.Pool == nil {
		q.unrouted.count(r.Kind)
		return
	}
	if a, known := q.accounts()[r.Pool]; known {
		a.ledger.observe(r)
	}
}

var (
	requestsDesc = desc("requests_total", "Requests that were answered, by class of status; 499 where the client left first.", "group", "code")
	faultsDesc   = desc("request_errors_total", "Requests that did not get a whole answer of the app, by reason. They count in ldcorn_requests_total as well.",
		"group", "reason")
	unroutedDesc = desc("unrouted_requests_total", "Requests that came to no group, by reason.", "reason")
	routedDesc   = desc("router_decisions_total", "What the router said of requests: none (the routes decide), group, respond, redirect or error.", "decision")
	retriesDesc  = desc("request_retries_total", "How often a request went to another worker, because the first one had not begun to answer when it was lost.", "group")
	tookDesc     = desc("request_duration_seconds", "From a request's head to the end of its answer; of a websocket, to its acceptance.", "group")
	queuedDesc   = desc("request_queue_seconds", "What requests waited for a slot; 0 for those that found one free.", "group")
	inFlightDesc = desc("requests_in_flight", "Requests that workers have in hand.", "group")
	waitingDesc  = desc("requests_queued", "Requests that wait for a slot.", "group")
	socketsDesc  = desc("websockets_open", "Websockets that are open.", "group")
	heldDesc     = desc("group_held", "1 while ldcorn hold makes the requests of the group wait.", "group")
)

// Describe implements prometheus.Collector.
func (q *Requests) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{requestsDesc, faultsDesc, unroutedDesc, routedDesc, retriesDesc, tookDesc, queuedDesc, inFlightDesc,
		waitingDesc, socketsDesc, heldDesc} {
		out <- d
	}
}

// Collect implements prometheus.Collector.
func (q *Requests) Collect(out chan<- prometheus.Metric) {
	for i, kind := range result.Kinds {
		if n := q.unrouted[i].Load(); n > 0 || slices.Contains(unroutedKinds, kind) {
			out <- counter(unroutedDesc, n, string(kind))
		}
	}
	for i, word := range routedWords {
		out <- counter(routedDesc, q.routed[i].Load(), string(word))
	}
	for p, a := range q.accounts() {
		name := a.group
		a.ledger.collect(out, name)
		now := p.Stats()
		out <- gauge(inFlightDesc, float64(now.Requests), name)
		out <- gauge(waitingDesc, float64(now.Queued), name)
		out <- gauge(socketsDesc, float64(now.Tunnels), name)
		out <- gauge(heldDesc, flag(!now.Held.IsZero()), name)
	}
}

// collect sends what was counted of a group.
func (l *ledger) collect(out chan<- prometheus.Metric, group string) {
	for i, code := range codes {
		out <- counter(requestsDesc, l.codes[i].Load(), group, code)
	}
	for i, kind := range result.Kinds {
		if n := l.faults[i].Load(); n > 0 || !slices.Contains(headKinds, kind) {
			out <- counter(faultsDesc, n, group, string(kind))
		}
	}
	out <- counter(retriesDesc, l.retries.Load(), group)
	out <- l.took.metric(tookDesc, group)
	out <- l.queued.metric(queuedDesc, group)
}

// What goes wrong before there is a group, and of that what does not later.
// Their series are there from the start, so that the first one is seen as an
// increase. Only read.
var (
	unroutedKinds = []result.Kind{result.KindRefused, result.KindNoRoute, result.KindRouter, result.KindBody}
	headKinds     = unroutedKinds[:3]
)

// routedWords are what a router can say. Only read.
var routedWords = [...]decide.Routed{decide.RoutedNone, decide.RoutedGroup, decide.RoutedRespond, decide.RoutedRedirect, decide.RoutedError}
