package metrics

import (
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/ldcorn/ldcorn/engine/result"
	"github.com/ldcorn/ldcorn/engine/stats"
)

// Requests collects the counts of requests, and the requests in progress.
type Requests struct{ counted *stats.Requests }

// NewRequests returns a collector of counted.
func NewRequests(counted *stats.Requests) *Requests { return &Requests{counted} }

var (
	requestsDesc = desc("requests_total", "Requests answered, by class of status; 499 if the client left first.", "group", "code")
	faultsDesc   = desc("request_errors_total", "Requests that did not get a complete answer of the app, by reason. They also count in ldcorn_requests_total.",
		"group", "reason")
	unroutedDesc = desc("unrouted_requests_total", "Requests that reached no group, by reason.", "reason")
	routedDesc   = desc("router_decisions_total", "Decisions of the router: none (the routes decide), group, respond, redirect or error.", "decision")
	ignoredDesc  = desc("forwarded_ignored_total", "Requests with X-Forwarded-For or Forwarded of a peer that is not in trusted_proxies or a client that the PROXY protocol does not name.")
	retriesDesc  = desc("request_retries_total", "How often a request was sent to another worker because the first was lost before it began to answer.", "group")
	tookDesc     = desc("request_duration_seconds", "Time from a request's head to the end of its answer or, for a websocket, its acceptance.", "group")
	queuedDesc   = desc("request_queue_seconds", "Time that requests waited for a slot; 0 if one was free.", "group")
	slotDesc     = desc("request_slot_seconds", "Time for which requests had a slot of a worker; for a websocket, until its acceptance.", "group")
	inFlightDesc = desc("requests_in_flight", "Requests that workers are processing.", "group")
	waitingDesc  = desc("requests_queued", "Requests waiting for a slot.", "group")
	oldestDesc   = desc("request_queue_oldest_seconds", "How long the request has waited for a slot that has waited longest; 0 if none waits.", "group")
	overloadDesc = desc("group_overloaded", "1 while the newest request of the group gets a slot first, because clients leave before they get one.", "group")
	roomDesc     = desc("requests_evicted_total", "Requests that lost their place in a full queue to another.", "group")
	socketsDesc  = desc("websockets_open", "Open websockets.", "group")
	slowDesc     = desc("slow_requests_total", "Requests that a worker did not begin to answer within slow_request.", "group")
	receivedDesc = desc("request_received_bytes_total", "Bytes of the bodies of requests that came, without websockets.", "group")
	sentDesc     = desc("request_sent_bytes_total", "Bytes of the bodies of answers that were sent, without websockets.", "group")
	heldDesc     = desc("group_held", "1 while ldcorn hold makes the group's requests wait.", "group")
)

// Describe implements prometheus.Collector.
func (q *Requests) Describe(out chan<- *prometheus.Desc) {
	for _, d := range append([]*prometheus.Desc{requestsDesc, faultsDesc, unroutedDesc, routedDesc, ignoredDesc, retriesDesc, tookDesc, queuedDesc, slotDesc, inFlightDesc,
		waitingDesc, oldestDesc, overloadDesc, roomDesc, socketsDesc, heldDesc, slowDesc, receivedDesc, sentDesc}, bondDescs...) {
		out <- d
	}
}

// Collect implements prometheus.Collector.
func (q *Requests) Collect(out chan<- prometheus.Metric) {
	unrouted := q.counted.Unrouted()
	for _, kind := range result.Kinds {
		if n := unrouted.Of(kind); n > 0 || slices.Contains(unroutedKinds, kind) {
			out <- counter(unroutedDesc, n, string(kind))
		}
	}
	for i, n := range q.counted.Decided() {
		out <- counter(routedDesc, n, string(stats.Decisions[i]))
	}
	out <- counter(ignoredDesc, q.counted.Ignored())
	for name, g := range q.counted.Busy() {
		collectCounts(out, name, g.Counts())
		now, totals := g.Pool().Stats(), g.Totals()
		out <- gauge(inFlightDesc, float64(now.Requests), name)
		out <- gauge(waitingDesc, float64(now.Queued), name)
		out <- gauge(oldestDesc, now.Longest.Seconds(), name)
		out <- gauge(overloadDesc, flag(now.Overloaded), name)
		out <- counter(roomDesc, totals.Evicted, name)
		out <- gauge(socketsDesc, float64(now.Tunnels), name)
		out <- gauge(heldDesc, flag(!now.Held.IsZero()), name)
		out <- counter(slowDesc, g.Slow(), name)
		collectBonds(out, name, g, &totals)
	}
}

// collectCounts sends the counts of a group.
func collectCounts(out chan<- prometheus.Metric, group string, c stats.Counts) {
	for i, class := range stats.Classes {
		out <- counter(requestsDesc, c.Classes[i], group, class)
	}
	for _, kind := range result.Kinds {
		if n := c.Faults.Of(kind); n > 0 || !slices.Contains(headKinds, kind) && !slices.Contains(fileKinds, kind) {
			out <- counter(faultsDesc, n, group, string(kind))
		}
	}
	out <- counter(retriesDesc, c.Repeats, group)
	out <- counter(receivedDesc, c.Received, group)
	out <- counter(sentDesc, c.Sent, group)
	out <- histogram(tookDesc, &c.Took, bounds, group)
	out <- histogram(queuedDesc, &c.Queued, bounds, group)
	out <- histogram(slotDesc, &c.Held, bounds, group)
}

// bounds are the upper bounds of the buckets of the histograms. Each is one of
// stats.Bounds, which has more. They are read-only.
var bounds = []time.Duration{
	time.Millisecond, 2500 * time.Microsecond, 5 * time.Millisecond,
	10 * time.Millisecond, 25 * time.Millisecond, 50 * time.Millisecond,
	100 * time.Millisecond, 250 * time.Millisecond, 500 * time.Millisecond,
	time.Second, 2500 * time.Millisecond, 5 * time.Second,
	10 * time.Second, 30 * time.Second, time.Minute, 5 * time.Minute,
}

// histogram returns a histogram of times. Its count is the sum of its buckets,
// even while requests are being counted.
func histogram(desc *prometheus.Desc, t *stats.Times, bounds []time.Duration, labels ...string) prometheus.Metric {
	count, below := uint64(0), make(map[float64]uint64, len(bounds))
	for i, n := range t.Buckets {
		count += n
		if next := len(below); next < len(bounds) && i < len(stats.Bounds) && stats.Bounds[i] == bounds[next] {
			below[bounds[next].Seconds()] = count
		}
	}
	return prometheus.MustNewConstHistogram(desc, count, t.Sum.Seconds(), below, labels...)
}

// unroutedKinds are the faults that occur before there is a group; headKinds
// are those of them that cannot occur later. Their series exist from the start,
// so that the first fault shows as an increase. All are read-only.
var (
	unroutedKinds = []result.Kind{result.KindRefused, result.KindNoRoute, result.KindRouter, result.KindRateLimited, result.KindBody}
	headKinds     = unroutedKinds[:3]
	fileKinds     = []result.Kind{result.KindNoFile, result.KindFile} // of statics
)
