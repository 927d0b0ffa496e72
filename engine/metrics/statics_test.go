package metrics

import (
	"testing"
	"time"

	"github.com/ldcorn/ldcorn/engine/result"
	"github.com/ldcorn/ldcorn/engine/static"
	"github.com/ldcorn/ldcorn/engine/stats"
)

func TestStatics(t *testing.T) {
	var q stats.Requests
	q.Observe(&result.Result{Static: "/a", Status: 200, Sent: 10, Took: 2 * time.Millisecond, Worker: -1})
	q.Observe(&result.Result{Static: "/a", Status: 404, Kind: result.KindNoFile, Sent: 5, Worker: -1})
	compare(t, NewStatics(&q, func() static.Stats { return static.Stats{Memory: 7, Open: 2} }), `
# HELP ldcorn_static_requests_total Requests answered with files, by the prefix of the static and the class of status.
# TYPE ldcorn_static_requests_total counter
ldcorn_static_requests_total{code="1xx",static="/a"} 0
ldcorn_static_requests_total{code="2xx",static="/a"} 1
ldcorn_static_requests_total{code="3xx",static="/a"} 0
ldcorn_static_requests_total{code="4xx",static="/a"} 1
ldcorn_static_requests_total{code="5xx",static="/a"} 0
# HELP ldcorn_static_errors_total Requests that a static could not answer with a file, by reason. They also count in ldcorn_static_requests_total.
# TYPE ldcorn_static_errors_total counter
ldcorn_static_errors_total{reason="file_error",static="/a"} 0
ldcorn_static_errors_total{reason="no_file",static="/a"} 1
# HELP ldcorn_static_sent_bytes_total Bytes of files sent.
# TYPE ldcorn_static_sent_bytes_total counter
ldcorn_static_sent_bytes_total{static="/a"} 10
# HELP ldcorn_static_memory_bytes Bytes of small files, and of paths, that are kept in memory.
# TYPE ldcorn_static_memory_bytes gauge
ldcorn_static_memory_bytes 7
# HELP ldcorn_static_open_files Larger files that are kept open.
# TYPE ldcorn_static_open_files gauge
ldcorn_static_open_files 2
`, "ldcorn_static_requests_total", "ldcorn_static_errors_total", "ldcorn_static_sent_bytes_total", "ldcorn_static_memory_bytes", "ldcorn_static_open_files")
}
