package metrics

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/decide"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/pool"
	"github.com/ldcorn/ldcorn/engine/result"
	"github.com/ldcorn/ldcorn/engine/static"
	"github.com/ldcorn/ldcorn/engine/stats"
)

// poolsOf returns pools without workers.
func poolsOf(names ...string) map[string]*pool.Pool {
	pools := make(map[string]*pool.Pool)
	for _, name := range names {
		pools[name] = pool.New(&plan.Group{Name: name})
	}
	return pools
}

// compare checks the metrics with some names.
func compare(t *testing.T, c prometheus.Collector, want string, names ...string) {
	t.Helper()
	require.NoError(t, testutil.CollectAndCompare(c, strings.NewReader(want), names...))
}

func TestRequests(t *testing.T) {
	var q stats.Requests
	pools := poolsOf("web")
	early := result.Result{Pool: pools["web"], Status: 200}
	q.Observe(&early) // not published yet
	q.Publish(pools)
	web := pools["web"]
	for _, r := range []result.Result{
		{Pool: web, Status: 200, Took: time.Millisecond},
		{Pool: web, Status: 204, Took: 40 * time.Millisecond, Queued: 30 * time.Millisecond},
		{Pool: web, Status: 101, Took: time.Hour},
		{Pool: web, Status: 302},
		{Pool: web, Status: 499, Kind: result.KindGone},
		{Pool: web, Status: 503, Kind: result.KindQueueFull},
		{Pool: web, Status: 503, Kind: result.KindQueueLate, Queued: 2 * time.Second},
		{Pool: web, Status: 502, Kind: result.KindNoAnswer, Repeats: 2},
		{Pool: web, Status: 999},
		{Status: 400, Kind: result.KindRefused},
		{Status: 400, Kind: result.KindRefused, Ignored: true},
		{Status: 404, Kind: result.KindNoRoute, Router: decide.RoutedNone},
		{Status: 500, Kind: result.KindRouter, Router: decide.RoutedError},
		{Status: 503, Router: decide.RoutedRespond},
		{Status: 503, Router: decide.RoutedRespond},
	} {
		q.Observe(&r)
	}
	compare(t, NewRequests(&q), `
# HELP ldcorn_requests_total Requests answered, by class of status; 499 if the client left first.
# TYPE ldcorn_requests_total counter
ldcorn_requests_total{code="1xx",group="web"} 1
ldcorn_requests_total{code="2xx",group="web"} 2
ldcorn_requests_total{code="3xx",group="web"} 1
ldcorn_requests_total{code="4xx",group="web"} 1
ldcorn_requests_total{code="5xx",group="web"} 4
# HELP ldcorn_forwarded_ignored_total Requests with X-Forwarded-For or Forwarded of a peer that is not in trusted_proxies or a client that the PROXY protocol does not name.
# TYPE ldcorn_forwarded_ignored_total counter
ldcorn_forwarded_ignored_total 1
# HELP ldcorn_request_retries_total How often a request was sent to another worker because the first was lost before it began to answer.
# TYPE ldcorn_request_retries_total counter
ldcorn_request_retries_total{group="web"} 2
# HELP ldcorn_unrouted_requests_total Requests that reached no group, by reason.
# TYPE ldcorn_unrouted_requests_total counter
ldcorn_unrouted_requests_total{reason="bad_body"} 0
ldcorn_unrouted_requests_total{reason="no_route"} 1
ldcorn_unrouted_requests_total{reason="rate_limited"} 0
ldcorn_unrouted_requests_total{reason="refused"} 2
ldcorn_unrouted_requests_total{reason="router_error"} 1
# HELP ldcorn_router_decisions_total Decisions of the router: none (the routes decide), group, respond, redirect or error.
# TYPE ldcorn_router_decisions_total counter
ldcorn_router_decisions_total{decision="error"} 1
ldcorn_router_decisions_total{decision="group"} 0
ldcorn_router_decisions_total{decision="none"} 1
ldcorn_router_decisions_total{decision="redirect"} 0
ldcorn_router_decisions_total{decision="respond"} 2
# HELP ldcorn_request_errors_total Requests that did not get a complete answer of the app, by reason. They also count in ldcorn_requests_total.
# TYPE ldcorn_request_errors_total counter
ldcorn_request_errors_total{group="web",reason="bad_body"} 0
ldcorn_request_errors_total{group="web",reason="client_gone"} 1
ldcorn_request_errors_total{group="web",reason="client_share"} 0
ldcorn_request_errors_total{group="web",reason="cut"} 0
ldcorn_request_errors_total{group="web",reason="evicted"} 0
ldcorn_request_errors_total{group="web",reason="malformed_answer"} 0
ldcorn_request_errors_total{group="web",reason="no_answer"} 1
ldcorn_request_errors_total{group="web",reason="queue_full"} 1
ldcorn_request_errors_total{group="web",reason="queue_timeout"} 1
ldcorn_request_errors_total{group="web",reason="rate_limited"} 0
ldcorn_request_errors_total{group="web",reason="request_timeout"} 0
ldcorn_request_errors_total{group="web",reason="stopping"} 0
ldcorn_request_errors_total{group="web",reason="unavailable"} 0
# HELP ldcorn_request_duration_seconds Time from a request's head to the end of its answer or, for a websocket, its acceptance.
# TYPE ldcorn_request_duration_seconds histogram
ldcorn_request_duration_seconds_bucket{group="web",le="0.001"} 7
ldcorn_request_duration_seconds_bucket{group="web",le="0.0025"} 7
ldcorn_request_duration_seconds_bucket{group="web",le="0.005"} 7
ldcorn_request_duration_seconds_bucket{group="web",le="0.01"} 7
ldcorn_request_duration_seconds_bucket{group="web",le="0.025"} 7
ldcorn_request_duration_seconds_bucket{group="web",le="0.05"} 8
ldcorn_request_duration_seconds_bucket{group="web",le="0.1"} 8
ldcorn_request_duration_seconds_bucket{group="web",le="0.25"} 8
ldcorn_request_duration_seconds_bucket{group="web",le="0.5"} 8
ldcorn_request_duration_seconds_bucket{group="web",le="1"} 8
ldcorn_request_duration_seconds_bucket{group="web",le="2.5"} 8
ldcorn_request_duration_seconds_bucket{group="web",le="5"} 8
ldcorn_request_duration_seconds_bucket{group="web",le="10"} 8
ldcorn_request_duration_seconds_bucket{group="web",le="30"} 8
ldcorn_request_duration_seconds_bucket{group="web",le="60"} 8
ldcorn_request_duration_seconds_bucket{group="web",le="300"} 8
ldcorn_request_duration_seconds_bucket{group="web",le="+Inf"} 9
ldcorn_request_duration_seconds_sum{group="web"} 3600.041
ldcorn_request_duration_seconds_count{group="web"} 9
`, "ldcorn_requests_total", "ldcorn_router_decisions_total", "ldcorn_forwarded_ignored_total", "ldcorn_request_retries_total", "ldcorn_unrouted_requests_total", "ldcorn_request_errors_total",
		"ldcorn_request_duration_seconds")
}

// TestRequests_OfGroups: a group that a reload keeps continues its counts; a
// group that it removes leaves no series, and continues its counts when it comes
// back, with what has ended in the meantime.
func TestRequests_OfGroups(t *testing.T) {
	var q stats.Requests
	total := func(want string) {
		t.Helper()
		if want != "" {
			want = "# HELP ldcorn_request_retries_total " + help(retriesDesc) + "\n# TYPE ldcorn_request_retries_total counter\n" + want
		}
		compare(t, NewRequests(&q), want, "ldcorn_request_retries_total")
	}
	total("")
	pools := poolsOf("a", "b")
	a, b := pools["a"], pools["b"]
	q.Publish(pools)
	q.Observe(&result.Result{Pool: a, Repeats: 1})
	q.Observe(&result.Result{Pool: b, Repeats: 2})
	total("ldcorn_request_retries_total{group=\"a\"} 1\nldcorn_request_retries_total{group=\"b\"} 2\n")

	delete(pools, "b")
	total("ldcorn_request_retries_total{group=\"a\"} 1\nldcorn_request_retries_total{group=\"b\"} 2\n")
	q.Publish(pools)
	q.Observe(&result.Result{Pool: a, Repeats: 1})
	q.Observe(&result.Result{Pool: b, Group: "b", Repeats: 2}) // it was still in flight
	total("ldcorn_request_retries_total{group=\"a\"} 2\n")
	assert.Zero(t, testutil.CollectAndCount(NewRequests(&q), "nothing"))

	pools["b"] = poolsOf("b")["b"]
	q.Publish(pools)
	total("ldcorn_request_retries_total{group=\"a\"} 2\nldcorn_request_retries_total{group=\"b\"} 4\n")
}

// A fixedMaster never changes.
type fixedMaster api.MasterStatus

func (m fixedMaster) Status() api.MasterStatus { return api.MasterStatus(m) }

func someMaster() fixedMaster {
	return fixedMaster{Generation: 3, Groups: []api.GroupStatus{
		{Name: "web", Instances: 3, Restarts: []api.Restarts{{api.RestartCrash: 2, api.RestartMaxRSS: 1}, nil, nil},
			Workers: []api.WorkerStatus{
				{Index: 0, PID: 7, State: api.StateReady, RSS: 1 << 20, CPU: 1.5},
				{Index: 0, PID: 8, State: api.StateDraining, RSS: 2 << 20, CPU: 9},
				{Index: 1, State: api.StateFailed},
				{Index: 2, PID: 9, State: api.StateStarting, RSS: 3 << 20},
				{Index: 5, PID: 10, State: api.StateDraining}, // a reload removed its index
			}},
		{Name: "old", Removed: true, Workers: []api.WorkerStatus{{State: api.StateDraining}}},
	}, Limits: []api.Limit{{Name: "gpu", Size: 4, InHand: 3, Waiting: 2}}}
}

// someWorkers collects someMaster. Its second process of index 0 is stuck.
func someWorkers() *Workers {
	return NewWorkers(someMaster(), func() map[Seat]time.Duration {
		return map[Seat]time.Duration{{"web", 0}: 90 * time.Second, {"web", 5}: time.Hour, {"old", 0}: time.Hour}
	})
}

func TestWorkers(t *testing.T) {
	compare(t, someWorkers(), `
# HELP ldcorn_config_generation Number of configurations applied so far.
# TYPE ldcorn_config_generation gauge
ldcorn_config_generation 3
# HELP ldcorn_workers_wanted Number of workers set by the configuration or ldcorn scale.
# TYPE ldcorn_workers_wanted gauge
ldcorn_workers_wanted{group="web"} 3
# HELP ldcorn_workers Workers by state, including those that a reload has replaced.
# TYPE ldcorn_workers gauge
ldcorn_workers{group="web",state="backoff"} 0
ldcorn_workers{group="web",state="draining"} 2
ldcorn_workers{group="web",state="failed"} 1
ldcorn_workers{group="web",state="ready"} 1
ldcorn_workers{group="web",state="starting"} 1
ldcorn_workers{group="web",state="stopping"} 0
# HELP ldcorn_worker_up 1 if the worker with this index is ready.
# TYPE ldcorn_worker_up gauge
ldcorn_worker_up{group="web",worker="0"} 1
ldcorn_worker_up{group="web",worker="1"} 0
ldcorn_worker_up{group="web",worker="2"} 0
# HELP ldcorn_worker_resident_memory_bytes Resident memory of the worker with this index and the processes that it started.
# TYPE ldcorn_worker_resident_memory_bytes gauge
ldcorn_worker_resident_memory_bytes{group="web",worker="0"} 1.048576e+06
ldcorn_worker_resident_memory_bytes{group="web",worker="2"} 3.145728e+06
# HELP ldcorn_worker_cpu_seconds_total Processor time of the current process with this index and the processes that it started.
# TYPE ldcorn_worker_cpu_seconds_total counter
ldcorn_worker_cpu_seconds_total{group="web",worker="0"} 1.5
ldcorn_worker_cpu_seconds_total{group="web",worker="2"} 0
# HELP ldcorn_worker_unanswered_seconds For how long the worker with this index has not begun to answer a request that it has whole; 0 for less than a second.
# TYPE ldcorn_worker_unanswered_seconds gauge
ldcorn_worker_unanswered_seconds{group="web",worker="0"} 90
ldcorn_worker_unanswered_seconds{group="web",worker="2"} 0
# HELP ldcorn_limit_size Number of requests that all groups together with this limit may have in hand.
# TYPE ldcorn_limit_size gauge
ldcorn_limit_size{limit="gpu"} 4
# HELP ldcorn_limit_in_hand Requests and websockets that count for this limit.
# TYPE ldcorn_limit_in_hand gauge
ldcorn_limit_in_hand{limit="gpu"} 3
# HELP ldcorn_limit_waiting Requests that have a free worker and wait for this limit.
# TYPE ldcorn_limit_waiting gauge
ldcorn_limit_waiting{limit="gpu"} 2
`, "ldcorn_config_generation", "ldcorn_workers_wanted", "ldcorn_workers", "ldcorn_worker_up",
		"ldcorn_worker_resident_memory_bytes", "ldcorn_worker_cpu_seconds_total", "ldcorn_worker_unanswered_seconds", "ldcorn_limit_size", "ldcorn_limit_in_hand", "ldcorn_limit_waiting")
	got := samples(t, someWorkers())
	assert.EqualValues(t, 2, got[`ldcorn_worker_restarts_total{group="web",reason="crash",worker="0"}`])
	assert.EqualValues(t, 1, got[`ldcorn_worker_restarts_total{group="web",reason="max_rss",worker="0"}`])
	assert.Contains(t, got, `ldcorn_worker_restarts_total{group="web",reason="crash",worker="2"}`, "the first one is an increase")
}

func TestReloads(t *testing.T) {
	var r Reloads
	state := func() []float64 {
		got := samples(t, &r)
		return []float64{got[`ldcorn_config_reloads_total{result="applied"}`], got[`ldcorn_config_reloads_total{result="failed"}`],
			got["ldcorn_config_last_reload_successful"], got["ldcorn_config_last_reload_success_timestamp_seconds"]}
	}
	assert.Equal(t, []float64{0, 0, 0, 0}, state())
	assert.NotContains(t, samples(t, &r), "ldcorn_config_last_reload_success_timestamp_seconds")
	r.Started(time.UnixMilli(1000))
	assert.Equal(t, []float64{0, 0, 1, 1}, state())
	r.Failed()
	assert.Equal(t, []float64{0, 1, 0, 1}, state())
	r.Applied(time.UnixMilli(2500))
	assert.Equal(t, []float64{1, 1, 1, 2.5}, state())
}

// samples returns the values of a collector by name and labels; for a histogram
// it is the count.
func samples(t *testing.T, c prometheus.Collector) map[string]float64 {
	t.Helper()
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(c)
	families, err := registry.Gather()
	require.NoError(t, err)
	out := make(map[string]float64)
	for _, f := range families {
		for _, m := range f.GetMetric() {
			var labels []string
			for _, l := range m.GetLabel() {
				labels = append(labels, fmt.Sprintf("%s=%q", l.GetName(), l.GetValue()))
			}
			name := f.GetName()
			if labels != nil {
				name += "{" + strings.Join(labels, ",") + "}"
			}
			out[name] = m.GetCounter().GetValue() + m.GetGauge().GetValue() + float64(m.GetHistogram().GetSampleCount())
		}
	}
	return out
}

// everything returns a registry in which every metric has a series.
func everything() *prometheus.Registry {
	q, r := new(stats.Requests), new(Reloads)
	q.Publish(boundPools())
	q.Observe(&result.Result{Static: "/a", Status: 200, Worker: -1})
	r.Started(time.Now())
	return NewRegistry(Build{Version: "1.0.0", Revision: "abc"}, NewRequests(q), r, someWorkers(), NewWorkerRequests(func() []api.GroupStatus { return someMaster().Groups }, q), NewRateLimits(someLimits), NewBuffers(someBuffers), NewConnections(someOpen, someRefused), NewTracing(func() map[string]uint64 { return map[string]uint64{"sent": 5} }), NewStatics(q, func() static.Stats { return static.Stats{} }), NewApps(someApps), NewIncidents(func() []api.GroupStatus { return someMaster().Groups }, func() []api.Incident { return nil }), NewHooks(someHooks), NewSettings(somePlan), NewLogs(someLogs), NewFiles(someFiles), someTLS())
}

// TestNames checks the names against the conventions of Prometheus.
func TestNames(t *testing.T) {
	problems, err := testutil.GatherAndLint(everything())
	require.NoError(t, err)
	for _, p := range problems {
		assert.Fail(t, p.Text, p.Metric)
	}
}

var helpOf = regexp.MustCompile(`help: "((?:[^"\\]|\\.)*)"`)

func help(d *prometheus.Desc) string { return helpOf.FindStringSubmatch(d.String())[1] }

// TestPage compares the table in docs/metrics.md with the registry: names, types
// and labels.
func TestPage(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "metrics.md"))
	require.NoError(t, err)
	row := regexp.MustCompile("(?m)^\\| `(ldcorn_\\w+)` \\| (\\w+) \\| ([^|]*) \\| \\S.* \\|$")
	var listed []string
	for _, m := range row.FindAllStringSubmatch(string(text), -1) {
		listed = append(listed, fmt.Sprintf("%s %s %s", m[1], m[2], strings.ReplaceAll(m[3], "`", "")))
	}
	families, err := everything().Gather()
	require.NoError(t, err)
	var have []string
	for _, f := range families {
		if !strings.HasPrefix(f.GetName(), namespace) {
			continue
		}
		var labels []string
		for _, l := range f.GetMetric()[0].GetLabel() {
			labels = append(labels, l.GetName())
		}
		have = append(have, fmt.Sprintf("%s %s %s", f.GetName(), strings.ToLower(f.GetType().String()), strings.Join(labels, ", ")))
	}
	slices.Sort(listed)
	assert.Equal(t, have, listed)
}

// TestRules: the example alerts use only existing metrics, labels and values.
func TestRules(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "examples", "prometheus", "ldcorn.rules.yml"))
	require.NoError(t, err)
	families, err := everything().Gather()
	require.NoError(t, err)
	have := map[string]bool{}
	for _, f := range families {
		have[f.GetName()] = true
		for _, suffix := range []string{"_bucket", "_sum", "_count"} {
			have[f.GetName()+suffix] = have[f.GetName()+suffix] || f.GetMetric()[0].GetHistogram() != nil
		}
		for _, m := range f.GetMetric() {
			for _, l := range m.GetLabel() {
				have[l.GetName()+"="+l.GetValue()] = true
			}
		}
	}
	for _, name := range regexp.MustCompile(`\b(?:ldcorn|process)_\w+`).FindAllString(string(text), -1) {
		assert.True(t, have[name], name)
	}
	for _, m := range regexp.MustCompile(`\b(code|state|reason|result)=~?"([\w|]+)"`).FindAllStringSubmatch(string(text), -1) {
		for value := range strings.SplitSeq(m[2], "|") {
			assert.True(t, have[m[1]+"="+value], m[0])
		}
	}
}
