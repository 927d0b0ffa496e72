package result

import (
	"time"

	"github.com/ldcorn/ldcorn/engine/head"
)

// A Span is what tracing needs to know about a request, besides its result. Only ID and
// Parent are set unless Sampled is.
type Span struct {
	Sampled   bool          // a span of the request is to be sent
	ID        head.SpanID   // of the request's own span, which the app has as its parent
	Parent    head.SpanID   // of the client's span; none if the trace begins here
	State     []byte        // tracestate, if there is a parent
	Scheme    string        // "http" or "https", as the client has used it
	Route     string        // that has found the group, as the configuration writes it, without quotes; "" if none has
	Connected time.Duration // from the head until there was a connection to the worker; 0 if there was none
	Answered  time.Duration // from the head until that of the worker's answer; 0 if there was none
}
