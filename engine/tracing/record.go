package tracing

import (
	"bytes"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/ldcorn/ldcorn/engine/head"
	"github.com/ldcorn/ldcorn/engine/result"
)

// A record is a copy of what the spans of a request say.
type record struct {
	trace        trace.TraceID
	span, parent trace.SpanID
	state        string // tracestate
	name         string
	begun        time.Time
	ended        time.Time
	queued       [2]time.Time // from when to when it waited for a slot; zero if it did not
	events       []event
	attrs        []attribute.KeyValue
	failed       string // what went wrong; "" if nothing did
}

// An event is a moment of a request.
type event struct {
	name string
	at   time.Time
}

// newRecord copies a result.
func newRecord(r *result.Result) *record {
	now := time.Now()
	out := &record{trace: trace.TraceID(r.Trace), span: trace.SpanID(r.Span.ID), parent: trace.SpanID(r.Span.Parent),
		state: string(r.Span.State), begun: now.Add(-r.Took), ended: now}
	out.addTimes(r)
	out.name = methodOf(r)
	if r.Span.Route != "" {
		out.name += " " + r.Span.Route
	}
	out.attrs = attributesOf(r)
	if r.Status >= http.StatusInternalServerError || r.Kind == result.KindCut {
		out.failed = strings.TrimSpace(string(r.Kind) + " " + r.Reason)
		if out.failed == "" {
			out.failed = strconv.Itoa(r.Status)
		}
	}
	return out
}

// addTimes adds what happened when.
func (out *record) addTimes(r *result.Result) {
	if r.Queued > 0 {
		from := out.begun.Add(r.Receiving)
		out.queued = [2]time.Time{from, from.Add(r.Queued)}
	}
	if r.Receiving > 0 {
		out.events = append(out.events, event{"request body received", out.begun.Add(r.Receiving)})
	}
	if r.Span.Connected > 0 {
		out.events = append(out.events, event{"worker connected", out.begun.Add(r.Span.Connected)})
	}
	if r.Span.Answered > 0 {
		out.events = append(out.events, event{"first byte of the answer", out.begun.Add(r.Span.Answered)})
	}
}

// otherMethod stands for a method that is not of RFC 9110 or RFC 5789: clients can make up
// as many as they like.
const otherMethod = "_OTHER"

// methodOf returns the method as the name of a span has it.
func methodOf(r *result.Result) string {
	if m := knownMethod(r.Request.Method); m != otherMethod {
		return m
	}
	return "HTTP"
}

func knownMethod(method []byte) string {
	switch m := string(method); m {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodOptions, http.MethodPatch:
		return m
	}
	return otherMethod
}

// attributesOf returns the attributes of the span of a server, by the semantic
// conventions of OpenTelemetry for HTTP, and those that are ldcorn's own.
func attributesOf(r *result.Result) []attribute.KeyValue {
	method := knownMethod(r.Request.Method)
	out := make([]attribute.KeyValue, 0, 20)
	text := func(key, value string) {
		if value != "" {
			out = append(out, attribute.String(key, value))
		}
	}
	text("http.request.method", method)
	if method == otherMethod {
		text("http.request.method_original", string(r.Request.Method))
	}
	text("url.path", string(r.Request.RawPath))
	text("url.scheme", r.Span.Scheme)
	text("http.route", r.Span.Route)
	out = append(out, attribute.Int("http.response.status_code", r.Status))
	if r.Client.IsValid() {
		text("client.address", r.Client.String())
	}
	text("network.protocol.version", protocolVersion(r.Request.Proto))
	host := string(r.Request.Host)
	if name, port, err := net.SplitHostPort(host); err == nil {
		host = name
		if n, err := strconv.Atoi(port); err == nil {
			out = append(out, attribute.Int("server.port", n))
		}
	}
	text("server.address", host)
	text("user_agent.original", string(bytes.ToValidUTF8(r.Request.Get(head.KindUserAgent), []byte("\uFFFD"))))
	switch {
	case r.Kind != "":
		text("error.type", string(r.Kind))
	case r.Status >= http.StatusInternalServerError:
		text("error.type", strconv.Itoa(r.Status))
	}
	text("ldcorn.group", r.Group)
	text("ldcorn.static", r.Static)
	if r.Worker >= 0 {
		out = append(out, attribute.Int("ldcorn.worker", r.Worker))
	}
	if r.Repeats > 0 {
		out = append(out, attribute.Int("ldcorn.repeats", r.Repeats))
	}
	text("ldcorn.request_id", string(r.ID))
	return out
}

// protocolVersion returns the version of HTTP as the conventions write it.
func protocolVersion(proto string) string {
	if proto == "HTTP/2.0" {
		return "2"
	}
	return strings.TrimPrefix(proto, "HTTP/")
}
