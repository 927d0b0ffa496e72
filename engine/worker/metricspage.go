package worker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/ldcorn/ldcorn/engine/plan"
)

// MaxMetricsPage is how long a page of metrics may be, in bytes.
const MaxMetricsPage = 8 << 20

// ErrLongPage means that a page of metrics is longer than MaxMetricsPage.
var ErrLongPage = fmt.Errorf("the page is longer than %d bytes", MaxMetricsPage)

// metricsUserAgent and metricsMedia are what a request for metrics has, unless
// health_headers says otherwise.
const (
	metricsUserAgent = "ldcorn-metrics"
	metricsMedia     = "text/plain;version=0.0.4"
)

// A MetricsPage is what an app says of its metrics.
type MetricsPage struct {
	Media string // Content-Type
	Body  []byte
}

// AskMetrics asks the worker of a group that listens on a socket for its metrics, on
// metrics_path and with the headers of a health check. As a health check, it claims no
// slot and is not counted. If ctx ends first, its cause is the error.
func AskMetrics(ctx context.Context, socket string, p *plan.Group) (*MetricsPage, error) {
	req, err := Health{p.MetricsPath, p.HealthHeaders}.request(ctx)
	if err != nil {
		return nil, err
	}
	if agent := req.Header["User-Agent"]; len(agent) == 1 && agent[0] == defaultUserAgent {
		req.Header["User-Agent"] = []string{metricsUserAgent}
	}
	if _, has := req.Header["Accept"]; !has {
		req.Header["Accept"] = []string{metricsMedia}
	}
	req.Header["Accept-Encoding"] = []string{"identity"}
	resp, err := roundTrip(req, socket)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("got status %d, want 200", resp.StatusCode)
	}
	if coding := resp.Header.Get("Content-Encoding"); coding != "" && coding != "identity" {
		return nil, errors.New("the answer is compressed, although the request has Accept-Encoding: identity")
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, MaxMetricsPage+1))
	switch {
	case err != nil && ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case err != nil:
		return nil, err
	case len(body) > MaxMetricsPage:
		return nil, ErrLongPage
	}
	return &MetricsPage{Media: resp.Header.Get("Content-Type"), Body: body}, nil
}
