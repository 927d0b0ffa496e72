package tracing

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	sdk "go.opentelemetry.io/otel/sdk/trace"

	"github.com/ldcorn/ldcorn/engine/plan"
)

const (
	maxQueue    = 4096            // requests that wait to be sent
	maxBatch    = 512             // requests that are sent together
	batchWait   = time.Second     // how long the first one of a batch waits for others
	exportLimit = 5 * time.Second // for sending a batch
	leaveLimit  = 3 * time.Second // for sending what waits at the end
	toldEvery   = time.Minute     // between two messages about a collector
)

// An exporter sends spans to one collector.
type exporter struct {
	settings *plan.Tracing
	log      *slog.Logger
	counts   *counts
	queue    chan *record
	left     chan struct{} // closed by leave

	// The goroutine of run owns all fields below.
	ctx    context.Context // ends leaveLimit after leave
	cancel context.CancelFunc
	spans  *spanMaker
	client *http.Client
	to     sdk.SpanExporter
	batch  []*record
	lost   uint64    // requests whose loss was not reported yet
	ill    bool      // the last batch was not sent
	told   time.Time // when that was last reported
}

// newExporter returns an exporter. It starts nothing.
func newExporter(s *plan.Tracing, log *slog.Logger, c *counts) *exporter {
	e := &exporter{settings: s, log: log, counts: c, queue: make(chan *record, maxQueue), left: make(chan struct{})}
	e.ctx, e.cancel = context.WithCancel(context.Background())
	return e
}

// add reports whether there was room for a request.
func (e *exporter) add(r *record) bool {
	select {
	case e.queue <- r:
		return true
	default:
		return false
	}
}

// leave makes run send what waits and return. It must be called once.
func (e *exporter) leave() {
	time.AfterFunc(leaveLimit, e.cancel)
	close(e.left)
}

// connect makes what sends the spans. It sends nothing yet.
func (e *exporter) connect() (err error) {
	headers := make(map[string]string, len(e.settings.Headers))
	for _, h := range e.settings.Headers {
		headers[h.Name] = h.Value.Reveal()
	}
	e.client = newClient()
	e.spans = newSpanMaker(e.settings.Service)
	e.to, err = otlptracehttp.New(e.ctx, otlptracehttp.WithEndpointURL(e.settings.Endpoint), otlptracehttp.WithHeaders(headers),
		otlptracehttp.WithHTTPClient(e.client), otlptracehttp.WithRetry(otlptracehttp.RetryConfig{
			Enabled: true, InitialInterval: time.Second / 2, MaxInterval: time.Second, MaxElapsedTime: exportLimit / 2}))
	return err
}

// run sends spans until leave is called.
func (e *exporter) run() {
	defer e.cancel()
	if err := e.connect(); err != nil {
		e.log.Error("no spans are sent", slog.String("err", e.discreet(err)), slog.String("collector", e.settings.Endpoint))
		<-e.left
		e.counts.failed.Add(uint64(len(e.queue)))
		return
	}
	timer := time.NewTimer(batchWait)
	timer.Stop()
	for {
		select {
		case r := <-e.queue:
			if e.batch = append(e.batch, r); len(e.batch) == 1 {
				timer.Reset(batchWait)
			}
			if len(e.batch) >= maxBatch {
				e.flush()
			}
		case <-timer.C:
			e.flush()
		case <-e.left:
			e.end()
			return
		}
	}
}

// end sends what waits.
func (e *exporter) end() {
	for len(e.queue) > 0 {
		if e.batch = append(e.batch, <-e.queue); len(e.batch) >= maxBatch {
			e.flush()
		}
	}
	e.flush()
	_ = e.to.Shutdown(e.ctx) // it has nothing left to send
	e.client.CloseIdleConnections()
}

// flush sends the batch.
func (e *exporter) flush() {
	n := uint64(len(e.batch))
	if n == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(e.ctx, exportLimit)
	defer cancel()
	err := e.to.ExportSpans(ctx, e.spans.of(e.batch))
	clear(e.batch)
	e.batch = e.batch[:0]
	e.tell(n, err)
}

// tell counts requests, and logs whether their spans were sent if that is news.
func (e *exporter) tell(n uint64, err error) {
	if err == nil {
		e.counts.sent.Add(n)
		if e.ill {
			e.log.Info("spans are sent again", "collector", e.settings.Endpoint, "lost", e.lost)
			e.ill, e.lost = false, 0
		}
		return
	}
	e.counts.failed.Add(n)
	e.lost += n
	if e.ill && time.Since(e.told) < toldEvery {
		return
	}
	e.log.Warn("spans are not sent", slog.String("err", e.discreet(err)), slog.String("collector", e.settings.Endpoint), slog.Uint64("requests", e.lost),
		slog.String("reason", "the collector does not take them: look whether it runs and accepts OTLP over HTTP; requests are served all the same"))
	e.ill, e.told = true, time.Now()
}
