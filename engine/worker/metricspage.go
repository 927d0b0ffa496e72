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
		return nil, unwantedPage(resp, p)
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

// unwantedPage returns the error for an answer that is not 200, with what to do if it
// is a redirect.
func unwantedPage(resp *http.Response, p *plan.Group) error {
	came, location := arrival(resp)
	came += ", want 200"
	if resp.StatusCode < 300 || resp.StatusCode > 399 || location == "" {
		return errors.New(came)
	}
	to, err := resp.Request.URL.Parse(resp.Header.Get("Location"))
	switch {
	case err != nil:
	case to.Scheme == "https" && !HealthOf(p).writes("x-forwarded-proto"):
		return errors.New(came + `; for an app that requires https, set health_headers=[set_header("X-Forwarded-Proto", "https")]`)
	case to.Host == resp.Request.URL.Host || to.Host == resp.Request.Host:
		if path := to.RequestURI(); path != p.MetricsPath && len(path) <= maxLocation {
			return fmt.Errorf("%s; redirects are not followed: set metrics_path=%q", came, path)
		}
	}
	return errors.New(came + "; change metrics_path to a path that does not redirect")
}
