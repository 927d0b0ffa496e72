package proxy

import (
	"encoding/binary"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/ldcorn/ldcorn/engine/head"
	"github.com/ldcorn/ldcorn/engine/netloop"
	"github.com/ldcorn/ldcorn/engine/plan"
)

// setTrace finds the trace of the request. With tracing, it decides whether the request
// is sampled, and what the app is told of the trace. Without, it changes nothing: a
// made-up traceparent that is not sampled would silence the app's own sampler.
func (r *Request) setTrace() {
	from := r.head.TraceContext()
	r.rec.Trace, r.trace, r.traceBegins = from.Trace, head.TraceContext{}, false
	set := r.snap.Plan.Tracing
	if set == nil {
		return
	}
	r.traceBegins = from.Trace == head.TraceID{}
	to := from
	switch {
	case r.traceBegins:
		to.Trace = newTraceID()
		to.Sampled = rand.Float64() < set.Sample
	case !r.sender().trusted: // otherwise any client could have all of its requests traced
		to.Sampled = rand.Float64() < set.Sample
	}
	if to.Sampled || r.traceBegins {
		binary.BigEndian.PutUint64(to.Parent[:], rand.Uint64()|1)
	}
	r.trace, r.rec.Trace = to, to.Trace
	r.rec.Span.Sampled, r.rec.Span.ID, r.rec.Span.Parent = to.Sampled, to.Parent, from.Parent
}

func newTraceID() (id head.TraceID) {
	binary.BigEndian.PutUint64(id[:8], rand.Uint64())
	binary.BigEndian.PutUint64(id[8:], rand.Uint64()|1)
	return id
}

// writtenFields returns the kinds of fields that ldcorn writes itself, so that the app
// does not get those of the client. A tracestate goes with its traceparent.
func (r *Request) writtenFields() head.KindSet {
	switch {
	case r.trace.Trace == head.TraceID{}:
		return head.Written
	case r.traceBegins:
		return head.Written | head.Kinds(head.KindTraceparent, head.KindTracestate)
	}
	return head.Written | head.Kinds(head.KindTraceparent)
}

// appendTrace appends the traceparent for the app, unless the configuration says
// something else about it.
func (r *Request) appendTrace(out []byte) []byte {
	if r.trace.Trace == (head.TraceID{}) || r.toWorker.replaces([]byte(head.KindTraceparent.String())) {
		return out
	}
	out = r.trace.Append(append(out, "traceparent: "...))
	return append(out, "\r\n"...)
}

// describeSpan completes what the observer gets about the span of the request.
func (r *Request) describeSpan() {
	if !r.rec.Span.Sampled {
		return
	}
	s := &r.rec.Span
	s.Scheme = r.sender().scheme(plan.ForwardedSet)
	if r.matched != nil {
		s.Route = strings.Trim(r.matched.String(), `"`)
	}
	if !r.traceBegins {
		s.State = r.head.Get(head.KindTracestate)
	}
}

// markSpan notes in a place of the span that something has happened now.
func (r *Request) markSpan(at *time.Duration) {
	if r.rec.Span.Sampled {
		*at = max(netloop.Now().Sub(r.rec.begun), 1)
	}
}
