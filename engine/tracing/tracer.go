// Package tracing sends spans of requests to an OpenTelemetry collector. The event loops
// only copy what a span needs into a bounded queue. So a collector that is slow or gone
// costs spans, which are counted, but never a request.
package tracing

import (
	"log/slog"
	"sync"
	"sync/atomic"

	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/result"
)

// A Tracer is a result.Observer that sends spans of the requests that are to have some.
// Its methods are safe to call from any goroutine.
type Tracer struct {
	log *slog.Logger
	now atomic.Pointer[exporter] // nil means that there is no tracing

	mu       sync.Mutex // guards all fields below
	settings *plan.Tracing
	leaving  sync.WaitGroup // exporters that still run
	closed   bool

	counts counts
}

// counts are numbers of requests.
type counts struct{ sent, full, failed atomic.Uint64 }

// Counts says what became of the requests that were to have spans.
type Counts struct {
	Sent   uint64 // their spans were sent
	Full   uint64 // they came while too many waited to be sent
	Failed uint64 // the collector did not take their spans
}

// New returns a Tracer that sends nothing. It starts nothing.
func New(log *slog.Logger) *Tracer { return &Tracer{log: log} }

// Counts returns the counts since the start.
func (t *Tracer) Counts() Counts {
	return Counts{Sent: t.counts.sent.Load(), Full: t.counts.full.Load(), Failed: t.counts.failed.Load()}
}

// Observe sends the spans of a request that was sampled.
func (t *Tracer) Observe(r *result.Result) {
	if !r.Span.Sampled {
		return
	}
	if e := t.now.Load(); e == nil || !e.add(newRecord(r)) {
		t.counts.full.Add(1)
	}
}

// Use makes later requests use the settings of a plan; nil turns tracing off. What
// waits is still sent as before.
func (t *Tracer) Use(settings *plan.Tracing) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed || t.settings.Same(settings) {
		return
	}
	t.settings = settings
	t.replace(settings)
}

// replace replaces the exporter. mu must be held.
func (t *Tracer) replace(settings *plan.Tracing) {
	var next *exporter
	if settings != nil {
		next = newExporter(settings, t.log, &t.counts)
		t.leaving.Go(next.run)
	}
	if old := t.now.Swap(next); old != nil {
		old.leave()
	}
}

// Close sends what waits, for a limited time, and ends the Tracer.
func (t *Tracer) Close() {
	t.mu.Lock()
	t.closed = true
	t.replace(nil)
	t.mu.Unlock()
	t.leaving.Wait()
}
