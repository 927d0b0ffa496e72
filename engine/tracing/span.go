package tracing

import (
	"context"
	"encoding/binary"
	"math/rand/v2"
	"os"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// A spanMaker makes spans of records. It is not safe for concurrent use.
type spanMaker struct {
	tracer trace.Tracer
	ids    nextIDs
	made   made
}

func newSpanMaker(service string) *spanMaker {
	m := new(spanMaker)
	provider := sdk.NewTracerProvider(sdk.WithSampler(sdk.AlwaysSample()), sdk.WithIDGenerator(&m.ids), sdk.WithSpanProcessor(&m.made),
		sdk.WithResource(resource.NewSchemaless(attribute.String("service.name", service), attribute.Int("process.pid", os.Getpid()))))
	m.tracer = provider.Tracer("github.com/ldcorn/ldcorn")
	return m
}

// of returns the spans of records.
func (m *spanMaker) of(records []*record) []sdk.ReadOnlySpan {
	m.made = nil
	for _, r := range records {
		m.add(r)
	}
	return m.made
}

// add makes the spans of a record.
func (m *spanMaker) add(r *record) {
	ctx := context.Background()
	if r.parent.IsValid() {
		state, _ := trace.ParseTraceState(r.state) // a malformed one is none
		ctx = trace.ContextWithRemoteSpanContext(ctx, trace.NewSpanContext(trace.SpanContextConfig{
			TraceID: r.trace, SpanID: r.parent, TraceFlags: trace.FlagsSampled, TraceState: state, Remote: true}))
	}
	m.ids = nextIDs{r.trace, r.span}
	ctx, span := m.tracer.Start(ctx, r.name, trace.WithSpanKind(trace.SpanKindServer), trace.WithTimestamp(r.begun), trace.WithAttributes(r.attrs...))
	for _, e := range r.events {
		span.AddEvent(e.name, trace.WithTimestamp(e.at))
	}
	if !r.queued[0].IsZero() {
		binary.BigEndian.PutUint64(m.ids.span[:], rand.Uint64()|1)
		_, wait := m.tracer.Start(ctx, "queue", trace.WithTimestamp(r.queued[0]))
		wait.End(trace.WithTimestamp(r.queued[1]))
	}
	if r.failed != "" {
		span.SetStatus(codes.Error, r.failed)
	}
	span.End(trace.WithTimestamp(r.ended))
}

// nextIDs are the ids of the next span. It is an sdk.IDGenerator.
type nextIDs struct {
	trace trace.TraceID
	span  trace.SpanID
}

// NewIDs returns the ids for a trace that begins.
func (n *nextIDs) NewIDs(context.Context) (trace.TraceID, trace.SpanID) { return n.trace, n.span }

// NewSpanID returns the id for a span of a trace.
func (n *nextIDs) NewSpanID(context.Context, trace.TraceID) trace.SpanID { return n.span }

// made are spans that have ended. It is an sdk.SpanProcessor.
type made []sdk.ReadOnlySpan

// OnEnd keeps a span.
func (m *made) OnEnd(s sdk.ReadOnlySpan) { *m = append(*m, s) }

// OnStart does nothing.
func (m *made) OnStart(context.Context, sdk.ReadWriteSpan) {}

// Shutdown does nothing.
func (m *made) Shutdown(context.Context) error { return nil }

// ForceFlush does nothing.
func (m *made) ForceFlush(context.Context) error { return nil }
