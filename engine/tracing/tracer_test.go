package tracing

import (
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	otlp "go.opentelemetry.io/proto/otlp/trace/v1"

	"github.com/ldcorn/ldcorn/engine/head"
	"github.com/ldcorn/ldcorn/engine/http1"
	"github.com/ldcorn/ldcorn/engine/logtest"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/result"
	"github.com/ldcorn/ldcorn/engine/tracing/collectortest"
)

const patience = 30 * time.Second

func soon(t *testing.T, cond func() bool, msg string) {
	t.Helper()
	require.Eventually(t, cond, patience, time.Millisecond, msg)
}

// served returns the result of a sampled request.
func served(t testing.TB) *result.Result {
	r := new(http1.Request)
	_, err := r.Parse([]byte("GET /a%20b?secret=x HTTP/1.1\r\nHost: example.org:8080\r\nUser-Agent: curl\r\n\r\n"), nil)
	require.Nil(t, err)
	return &result.Result{
		Request: &r.Request, Client: netip.MustParseAddr("2001:db8::1"), Status: 200, Group: "web", Worker: 3, ID: []byte("id-1"),
		Trace: head.TraceID{1, 15: 2}, Queued: 20 * time.Millisecond, Receiving: 10 * time.Millisecond, Took: time.Second,
		Span: result.Span{Sampled: true, ID: head.SpanID{3}, Parent: head.SpanID{4}, State: []byte("a=b"), Scheme: "https", Route: "/a",
			Connected: 40 * time.Millisecond, Answered: 50 * time.Millisecond},
	}
}

func settings(url string) *plan.Tracing {
	return &plan.Tracing{Endpoint: url + "/v1/traces", Sample: 1, Service: "shop", Headers: []plan.TraceHeader{{Name: "X-Token", Value: plan.Secret("s3cret")}}}
}

// attributes returns the attributes of a span as text.
func attributes(s *otlp.Span) map[string]string {
	out := map[string]string{}
	for _, a := range s.Attributes {
		out[a.Key] = strings.Trim(strings.SplitN(a.Value.String(), ":", 2)[1], `" `)
	}
	return out
}

// TestSpans: the collector gets a span of the server with what the conventions ask for,
// and one of the wait in the queue below it.
func TestSpans(t *testing.T) {
	c := collectortest.New(t)
	tracer := New(slog.New(slog.DiscardHandler))
	tracer.Use(settings(c.URL))
	tracer.Observe(served(t))
	failed := served(t)
	failed.Span.Parent, failed.Span.State, failed.Queued, failed.Worker = head.SpanID{}, nil, 0, -1
	failed.Status, failed.Kind, failed.Reason, failed.Request.Method = 502, result.KindNoAnswer, "the worker did not answer", []byte("BREW")
	tracer.Observe(failed)
	unsampled := served(t)
	unsampled.Span.Sampled = false
	tracer.Observe(unsampled)
	tracer.Close() // sends them
	spans := c.Spans()
	require.Len(t, spans, 3)
	wait, span, broken := spans[0], spans[1], spans[2]
	assert.Equal(t, "GET /a", span.Name)
	assert.Equal(t, otlp.Span_SPAN_KIND_SERVER, span.Kind)
	assert.Equal(t, []byte{1, 15: 2}, span.TraceId)
	assert.Equal(t, []byte{3, 7: 0}, span.SpanId)
	assert.Equal(t, []byte{4, 7: 0}, span.ParentSpanId)
	assert.Equal(t, "a=b", span.TraceState)
	assert.Equal(t, uint64(time.Second), span.EndTimeUnixNano-span.StartTimeUnixNano)
	assert.Equal(t, map[string]string{"http.request.method": "GET", "http.route": "/a", "http.response.status_code": "200", "url.path": "/a%20b",
		"url.scheme": "https", "client.address": "2001:db8::1", "network.protocol.version": "1.1", "server.address": "example.org", "server.port": "8080",
		"user_agent.original": "curl", "ldcorn.group": "web", "ldcorn.worker": "3", "ldcorn.request_id": "id-1"}, attributes(span))
	var events []string
	for _, e := range span.Events {
		events = append(events, e.Name+" "+time.Duration(e.TimeUnixNano-span.StartTimeUnixNano).String())
	}
	assert.Equal(t, []string{"request body received 10ms", "worker connected 40ms", "first byte of the answer 50ms"}, events)

	assert.Equal(t, "queue", wait.Name)
	assert.Equal(t, span.SpanId, wait.ParentSpanId)
	assert.Equal(t, span.TraceId, wait.TraceId)
	assert.Equal(t, uint64(20*time.Millisecond), wait.EndTimeUnixNano-wait.StartTimeUnixNano)

	assert.Equal(t, "HTTP /a", broken.Name)
	assert.Empty(t, broken.ParentSpanId)
	assert.Equal(t, []byte{1, 15: 2}, broken.TraceId)
	assert.Equal(t, otlp.Status_STATUS_CODE_ERROR, broken.Status.Code)
	assert.Equal(t, "no_answer the worker did not answer", broken.Status.Message)
	got := attributes(broken)
	assert.Equal(t, "_OTHER", got["http.request.method"])
	assert.Equal(t, "BREW", got["http.request.method_original"])
	assert.Equal(t, "no_answer", got["error.type"])

	assert.Equal(t, "shop", c.Service())
	assert.Equal(t, "s3cret", c.Heads()[0].Get("X-Token"))
	assert.Equal(t, Counts{Sent: 2}, tracer.Counts())
}

// TestReload: other settings apply to later requests; what waits is sent as before.
func TestReload(t *testing.T) {
	first, second := collectortest.New(t), collectortest.New(t)
	tracer := New(slog.New(slog.DiscardHandler))
	tracer.Use(settings(first.URL))
	tracer.Observe(served(t))
	tracer.Use(settings(first.URL)) // the same
	tracer.Use(settings(second.URL))
	tracer.Observe(served(t))
	tracer.Use(nil)
	tracer.Observe(served(t)) // of a plan that is no longer in effect
	tracer.Close()
	tracer.Use(settings(second.URL)) // after the end: nothing happens
	assert.Len(t, first.Spans(), 2)
	assert.Len(t, second.Spans(), 2)
	assert.Equal(t, Counts{Sent: 2, Full: 1}, tracer.Counts())
}

// TestCollectorRefuses: what the collector does not take is counted and told, once, and
// so is the end of that.
func TestCollectorRefuses(t *testing.T) {
	c := collectortest.New(t)
	c.Answer(http.StatusForbidden)
	var told logtest.Text
	tracer := New(slog.New(slog.NewTextHandler(&told, nil)))
	tracer.Use(settings(c.URL))
	for i := range 2 {
		tracer.Observe(served(t))
		soon(t, func() bool { return tracer.Counts().Failed == uint64(i+1) }, "failed")
	}
	assert.Equal(t, 1, strings.Count(told.String(), "spans are not sent"), told.String())
	assert.Contains(t, told.String(), "look whether it runs and accepts OTLP over HTTP")
	assert.NotContains(t, told.String(), "s3cret")
	c.Answer(http.StatusOK)
	tracer.Observe(served(t))
	soon(t, func() bool { return strings.Contains(told.String(), "spans are sent again") }, "told")
	assert.Contains(t, told.String(), "lost=2")
	tracer.Close()
}

// TestDeadCollector: nobody waits for a collector that does not answer. What does not
// fit into the queue is counted, and the end is bounded.
func TestDeadCollector(t *testing.T) {
	e := newExporter(settings("http://127.0.0.1:1"), slog.New(slog.DiscardHandler), new(counts))
	for range maxQueue {
		require.True(t, e.add(new(record)))
	}
	assert.False(t, e.add(new(record)), "it does not wait")
	var told logtest.Text
	tracer := New(slog.New(slog.NewTextHandler(&told, nil)))
	tracer.Use(settings("http://127.0.0.1:1")) // nobody listens
	tracer.Observe(served(t))
	tracer.Close()
	assert.Equal(t, Counts{Failed: 1}, tracer.Counts())
	assert.Contains(t, told.String(), "spans are not sent")
}

func TestObserve_AllocatesNothingUnlessSampled(t *testing.T) {
	tracer := New(slog.New(slog.DiscardHandler))
	r := served(t)
	r.Span.Sampled = false
	assert.Zero(t, testing.AllocsPerRun(1000, func() { tracer.Observe(r) }))
}
