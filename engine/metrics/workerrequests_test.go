package metrics

import (
	"fmt"
	"log/slog"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/result"
	"github.com/ldcorn/ldcorn/engine/stats"
)

func TestWorkerRequests(t *testing.T) {
	var q stats.Requests
	pools := poolsOf("web", "old")
	q.Publish(pools)
	for _, r := range []result.Result{
		{Pool: pools["web"], Worker: 0, Status: 200, Held: 5 * time.Millisecond},
		{Pool: pools["web"], Worker: 0, Status: 502, Held: 2 * time.Second, Kind: result.KindNoAnswer},
		{Pool: pools["web"], Worker: 0, Status: 499, Held: time.Minute, Kind: result.KindGone},
		{Pool: pools["web"], Worker: -1, Status: 503, Kind: result.KindQueueFull}, // of no worker
		{Pool: pools["web"], Worker: 5, Status: 200},                              // whose place is gone
		{Pool: pools["old"], Worker: 0, Status: 200},
	} {
		q.Observe(&r)
	}
	k := NewWorkerRequests(func() []api.GroupStatus { return someMaster().Groups }, &q)
	compare(t, k, `
# HELP ldcorn_worker_request_errors_total Those of them that were answered with a status of 500 or above.
# TYPE ldcorn_worker_request_errors_total counter
ldcorn_worker_request_errors_total{group="web",worker="0"} 1
ldcorn_worker_request_errors_total{group="web",worker="1"} 0
ldcorn_worker_request_errors_total{group="web",worker="2"} 0
# HELP ldcorn_worker_requests_total Requests of which the worker with this index was the last that had them.
# TYPE ldcorn_worker_requests_total counter
ldcorn_worker_requests_total{group="web",worker="0"} 3
ldcorn_worker_requests_total{group="web",worker="1"} 0
ldcorn_worker_requests_total{group="web",worker="2"} 0
`, "ldcorn_worker_requests_total", "ldcorn_worker_request_errors_total")
	assert.Equal(t, 3, testutil.CollectAndCount(k, "ldcorn_worker_request_slot_seconds"))
	of := pools["web"]
	one := NewWorkerRequests(func() []api.GroupStatus {
		return []api.GroupStatus{{Name: of.Name(), Restarts: []api.Restarts{nil}}}
	}, &q)
	compare(t, one, `
# HELP ldcorn_worker_request_slot_seconds Time for which requests had a slot of the worker with this index; for a websocket, until its acceptance.
# TYPE ldcorn_worker_request_slot_seconds histogram
ldcorn_worker_request_slot_seconds_bucket{group="web",worker="0",le="0.01"} 1
ldcorn_worker_request_slot_seconds_bucket{group="web",worker="0",le="0.1"} 1
ldcorn_worker_request_slot_seconds_bucket{group="web",worker="0",le="1"} 1
ldcorn_worker_request_slot_seconds_bucket{group="web",worker="0",le="10"} 2
ldcorn_worker_request_slot_seconds_bucket{group="web",worker="0",le="+Inf"} 3
ldcorn_worker_request_slot_seconds_sum{group="web",worker="0"} 62.005
ldcorn_worker_request_slot_seconds_count{group="web",worker="0"} 3
`, "ldcorn_worker_request_slot_seconds")
}

func TestRequests_Bytes(t *testing.T) {
	var q stats.Requests
	pools := poolsOf("web")
	q.Publish(pools)
	for _, r := range []result.Result{{Pool: pools["web"], Received: 10, Sent: 3}, {Pool: pools["web"], Worker: -1, Received: 5}} {
		q.Observe(&r)
	}
	compare(t, NewRequests(&q), `
# HELP ldcorn_request_received_bytes_total Bytes of the bodies of requests that came, without websockets.
# TYPE ldcorn_request_received_bytes_total counter
ldcorn_request_received_bytes_total{group="web"} 15
# HELP ldcorn_request_sent_bytes_total Bytes of the bodies of answers that were sent, without websockets.
# TYPE ldcorn_request_sent_bytes_total counter
ldcorn_request_sent_bytes_total{group="web"} 3
`, "ldcorn_request_received_bytes_total", "ldcorn_request_sent_bytes_total")
}

// TestSeries: the docs say how many series a group and a worker have.
func TestSeries(t *testing.T) {
	w := httptest.NewRecorder()
	Handler(everything(), slog.New(slog.DiscardHandler)).ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	worker, group := 0, 0
	for line := range strings.Lines(w.Body.String()) {
		switch {
		case strings.Contains(line, `group="web"`) && strings.Contains(line, `worker="0"`):
			worker++
		case strings.Contains(line, `group="web"`) && !strings.Contains(line, `worker="`):
			group++
		}
	}
	docs, err := os.ReadFile("../../docs/metrics.md")
	require.NoError(t, err)
	want := fmt.Sprintf("There are about %d series for each group, and %d for each of its workers", (group+5)/10*10, worker)
	assert.True(t, strings.Contains(string(docs), want), want)
}
